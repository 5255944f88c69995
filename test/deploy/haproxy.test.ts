/** Two replicas behind HAProxy, as deploy/haproxy configures it. */
import t from 'tap'
import { testTwoReplicas } from './two-replicas.js'

testTwoReplicas(t, 'haproxy')
