{{/* Names, labels and what follows from several values. */}}

{{- define "exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- /* 50 characters leave room for what is added to it, and for the labels that a StatefulSet makes of it. */ -}}
{{- define "exporter.fullname" -}}
{{- $name := include "exporter.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "exporter.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- /* No version in it: a selector cannot be changed. */ -}}
{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: exporter
{{- end -}}

{{- /* Takes a list: the root, then maps of further labels. The chart's own win, so that selectors keep finding. */ -}}
{{- define "exporter.labels" -}}
{{- $root := first . -}}
{{- $labels := deepCopy $root.Values.commonLabels -}}
{{- range rest . -}}{{- $labels = mergeOverwrite $labels (deepCopy .) -}}{{- end -}}
{{- $own := include "exporter.selectorLabels" $root | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" ($root.Chart.AppVersion | replace "+" "_" | trunc 63) -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "ai-account-exporter" -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- toYaml (mergeOverwrite $labels $own) -}}
{{- end -}}

{{- define "exporter.image" -}}
{{- $registry := default .Values.image.registry (.Values.global).imageRegistry -}}
{{- $name := ternary (printf "%s/%s" $registry .Values.image.repository) .Values.image.repository (ne $registry "") -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "exporter.imagePullSecrets" -}}
{{- with concat .Values.imagePullSecrets (default list (.Values.global).imagePullSecrets) -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "exporter.serviceAccountName" -}}
{{- default (ternary (include "exporter.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- /* Where nothing is configured nothing runs; the notes tell so. */ -}}
{{- define "exporter.hasWork" -}}
{{- if or .Values.demo .Values.existingConfigMap.name .Values.existingConfigSecret.name .Values.config.accounts -}}true{{- end -}}
{{- end -}}

{{- define "exporter.ownsConfig" -}}
{{- if not (or .Values.demo .Values.existingConfigMap.name .Values.existingConfigSecret.name) -}}true{{- end -}}
{{- end -}}

{{- define "exporter.accounts.persistence" -}}
/var/lib/ai-account-exporter
{{- end -}}

{{- define "exporter.secrets" -}}
/run/secrets/ai-account-exporter
{{- end -}}
