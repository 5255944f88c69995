/** Two replicas behind nginx, as deploy/nginx configures it. */
import t from 'tap'
import { testTwoReplicas } from './two-replicas.js'

testTwoReplicas(t, 'nginx')
