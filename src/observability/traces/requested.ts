/** The environment variables of OpenTelemetry's specification ("Environment Variable Specification"). */
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Whether the environment asks for traces: it names an endpoint, or an exporter. Without either, the SDK would send them to
 * a collector on this machine, which nearly no one runs.
 */
export function areTracesRequested(env: Environment): boolean {
  const { OTEL_SDK_DISABLED: disabled, OTEL_TRACES_EXPORTER: exporter } = env
  if (disabled?.toLowerCase() === 'true' || exporter === 'none') return false
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? ''
  return (exporter ?? '') !== '' || endpoint !== ''
}

/** The one protocol of the exporter: OTLP as JSON over HTTP. */
export const PROTOCOL = 'http/json'

/** The protocol that the environment asks for, if it is not {@link PROTOCOL}. */
export function unsupportedProtocol(env: Environment): string | undefined {
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? ''
  return protocol === '' || protocol === PROTOCOL ? undefined : protocol
}
