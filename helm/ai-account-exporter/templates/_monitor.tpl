{{/* Parts that ServiceMonitor and PodMonitor share. Arguments: the root context and the values of the monitor. */}}

{{- define "exporter.monitorMetadata" -}}
{{- $root := first . -}}
{{- $monitor := last . -}}
name: {{ include "exporter.fullname" $root | quote }}
namespace: {{ default (include "exporter.namespace" $root) $monitor.namespace | quote }}
labels:
  {{- include "exporter.labels" (list $root $monitor.labels) | nindent 2 }}
{{- with $monitor.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* A new pod continues the series of the previous one: an alert that fires stays, and the rules know the past days. */}}
{{- define "exporter.stableInstance" -}}
{{- if .Values.sharding.enabled }}
- {sourceLabels: [__meta_kubernetes_pod_name], targetLabel: instance}
{{- else }}
- {targetLabel: instance, replacement: {{ include "exporter.fullname" . | quote }}}
- {action: labeldrop, regex: pod}
{{- end }}
{{- end -}}

{{- define "exporter.endpoint" -}}
{{- $root := first . -}}
{{- $monitor := last . -}}
{{- $scheme := default (include "exporter.scheme" $root) $monitor.scheme -}}
- port: metrics
  path: {{ $root.Values.telemetryPath | quote }}
  scheme: {{ $scheme }}
  honorLabels: {{ $monitor.honorLabels }}
  {{- $tls := $monitor.tlsConfig }}
  {{- if and (not $tls) (eq $scheme "https") $root.Values.webConfig.tls.existingSecret }}
  {{- $authority := dict "secret" (dict "name" $root.Values.webConfig.tls.existingSecret "key" "ca.crt") }}
  {{- $tls = dict "ca" $authority "serverName" (printf "%s.%s.svc" (include "exporter.fullname" $root) (include "exporter.namespace" $root)) }}
  {{- end }}
  {{- $relabelings := concat (include "exporter.stableInstance" $root | fromYamlArray) $monitor.relabelings }}
  {{- range $key, $value := dict "tlsConfig" $tls "basicAuth" $monitor.basicAuth "interval" $monitor.interval "scrapeTimeout" $monitor.scrapeTimeout "relabelings" $relabelings "metricRelabelings" $monitor.metricRelabelings }}
  {{- with $value }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- define "exporter.monitorSpec" -}}
{{- $root := first . -}}
{{- $monitor := last . -}}
namespaceSelector:
  matchNames: [{{ include "exporter.namespace" $root | quote }}]
selector:
  matchLabels:
    {{- include "exporter.selectorLabels" $root | nindent 4 }}
{{- with $monitor.jobLabel }}
jobLabel: {{ . | quote }}
{{- end }}
{{- with $monitor.sampleLimit }}
sampleLimit: {{ int . }}
{{- end }}
{{- end -}}
