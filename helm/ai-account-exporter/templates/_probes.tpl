{{/* Probe handlers: HTTP, or the exporter's own command if requests need a password or a client certificate. A rate limit does not apply to
/-/healthy and /-/ready. */}}

{{- define "exporter.probes" -}}
{{- range $name := list "livenessProbe" "readinessProbe" "startupProbe" }}
{{- $probe := omit (get $.Values $name) "enabled" }}
{{- if (get $.Values $name).enabled }}
{{- $handler := dict }}
{{- if not (or $probe.httpGet $probe.exec $probe.tcpSocket $probe.grpc) }}
{{- $handler = include "exporter.probeHandler" (list $ $name) | fromYaml }}
{{- end }}
{{ $name }}:
  {{- toYaml (merge $handler $probe) | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "exporter.probeHandler" -}}
{{- $root := first . -}}
{{- $isReadiness := eq (last .) "readinessProbe" -}}
{{- if not (include "exporter.requiresAuthentication" $root) -}}
httpGet:
  path: {{ ternary "/-/ready" "/-/healthy" $isReadiness }}
  port: metrics
  scheme: {{ include "exporter.scheme" $root | upper }}
{{- else if $isReadiness -}}
tcpSocket: {port: metrics}
{{- else -}}
exec:
  command: [ai-account-exporter, healthcheck, "--web.listen-address=:{{ int $root.Values.containerPort }}", --timeout=5]
{{- end -}}
{{- end -}}
