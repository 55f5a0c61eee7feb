{{/* Names, labels and other texts that several objects need. */}}

{{- define "bulla.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The release's name, if it contains the chart's; else both. */}}
{{- define "bulla.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $both := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $both .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "bulla.namespace" -}}
{{- default .Release.Namespace .Values.namespace -}}
{{- end -}}

{{- define "bulla.serviceAccountName" -}}
{{- $own := "default" -}}
{{- if .Values.serviceAccount.create -}}{{- $own = include "bulla.fullname" . -}}{{- end -}}
{{- default $own .Values.serviceAccount.name -}}
{{- end -}}

{{/* What selects the pods. It never changes: selectors of a Deployment cannot. */}}
{{- define "bulla.matchLabels" -}}
app.kubernetes.io/name: {{ include "bulla.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "bulla.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "bulla.labels" -}}
{{ include "bulla.matchLabels" . }}
helm.sh/chart: {{ include "bulla.chart" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: sealed-secrets
{{- end -}}

{{/* A value that may hold templates. In: value, context. */}}
{{- define "bulla.render" -}}
{{- tpl (kindIs "string" .value | ternary .value (toYaml .value)) .context -}}
{{- end -}}

{{/* Metadata with the labels and annotations of all objects. In: context, name; namespace, labels and annotations
     (lists of maps) where there are any, and those that go over the common ones (lastLabels, lastAnnotations). */}}
{{- define "bulla.metadata" -}}
{{- $context := .context -}}
{{- $labels := include "bulla.labels" $context | fromYaml -}}
{{- range concat (.labels | default list) (list $context.Values.commonLabels .lastLabels) -}}
{{- $labels = merge (include "bulla.render" (dict "value" . "context" $context) | fromYaml) $labels -}}
{{- end -}}
{{- $annotations := dict -}}
{{- range concat (.annotations | default list) (list $context.Values.commonAnnotations .lastAnnotations) -}}
{{- $annotations = merge (include "bulla.render" (dict "value" . "context" $context) | fromYaml) $annotations -}}
{{- end -}}
name: {{ .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels: {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* `a=b,c=d`. In: a map of texts. */}}
{{- define "bulla.pairs" -}}
{{- $pairs := list -}}
{{- range $name, $value := . -}}
{{- if not (and $value (kindIs "string" $value)) -}}
{{- fail (printf "%s: annotations and labels of keys have texts as values" $name) -}}
{{- end -}}
{{- $pairs = prepend $pairs (printf "%s=%s" $name $value) -}}
{{- end -}}
{{- join "," $pairs -}}
{{- end -}}
