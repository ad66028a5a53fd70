{{/* The pod of the Deployment or StatefulSet. */}}

{{- define "exporter.podTemplate" -}}
metadata:
  labels:
    {{- /* Without the chart's version: a new chart with the same image does not restart the pod. */}}
    {{- omit (include "exporter.labels" (list . .Values.podLabels) | fromYaml) "helm.sh/chart" | toYaml | nindent 4 }}
  {{- $annotations := deepCopy .Values.podAnnotations }}
  {{- if and .Values.restartOnConfigChange (include "exporter.rendersConfig" .) }}
  {{- $_ := set $annotations "checksum/config" (printf "%s%s" (include "exporter.config" .) (toYaml .Values.providerDefinitions) | sha256sum) }}
  {{- end }}
  annotations:
    {{- toYaml (mergeOverwrite (dict "kubectl.kubernetes.io/default-container" "exporter") $annotations) | nindent 4 }}
spec:
  serviceAccountName: {{ include "exporter.serviceAccountName" . | quote }}
  automountServiceAccountToken: false
  {{- /* Service links would add environment variables for every service of the namespace. */}}
  enableServiceLinks: false
  {{- with include "exporter.imagePullSecrets" . }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  terminationGracePeriodSeconds: {{ int .Values.terminationGracePeriodSeconds }}
  {{- range $key := list "priorityClassName" "schedulerName" "dnsPolicy" }}
  {{- with get $.Values $key }}
  {{ $key }}: {{ . | quote }}
  {{- end }}
  {{- end }}
  {{- range $key := list "dnsConfig" "hostAliases" "nodeSelector" "affinity" "tolerations" "topologySpreadConstraints" "initContainers" }}
  {{- with get $.Values $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  containers:
    {{- include "exporter.container" . | nindent 4 }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "exporter.volumes" . | trim | nindent 4 }}
{{- end -}}

{{- define "exporter.args" -}}
{{- if .Values.demo }}
- demo
{{- else }}
- serve
- --config.file=/etc/ai-account-exporter/config.yaml
{{- if ne .Values.telemetryPath "/metrics" }}
- {{ printf "--web.telemetry-path=%s" .Values.telemetryPath | quote }}
{{- end }}
{{- if include "exporter.hasWebConfig" . }}
- --web.config.file=/etc/ai-account-exporter-web/web.yaml
{{- end }}
{{- if .Values.sharding.enabled }}
- --shard-from-pod-name=$(POD_NAME)
- --total-shards={{ int .Values.sharding.shards }}
{{- end }}
{{- end }}
- --web.listen-address=:{{ int .Values.containerPort }}
- --log.level={{ .Values.log.level }}
- --log.format={{ .Values.log.format }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "exporter.container" -}}
- name: exporter
  image: {{ include "exporter.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args:
    {{- include "exporter.args" . | trim | nindent 4 }}
  {{- if or .Values.sharding.enabled .Values.extraEnv }}
  env:
    {{- if .Values.sharding.enabled }}
    - name: POD_NAME
      valueFrom: {fieldRef: {fieldPath: metadata.name}}
    {{- end }}
    {{- with .Values.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- with .Values.extraEnvFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - {name: metrics, containerPort: {{ int .Values.containerPort }}, protocol: TCP}
  {{- with include "exporter.probes" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    {{- include "exporter.volumeMounts" . | trim | nindent 4 }}
{{- end -}}
