{{/* What Prometheus and Grafana are told; the texts lie in the chart's folder `files`. */}}

{{- define "bulla.serviceMonitor" -}}
{{- $monitor := .Values.metrics.serviceMonitor -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {{- include "bulla.metadata" (dict "context" . "name" (include "bulla.fullname" .) "namespace" (default (include "bulla.namespace" .) $monitor.namespace) "labels" (list $monitor.labels) "annotations" (list $monitor.annotations)) | nindent 2 }}
spec:
  endpoints:
    - port: metrics
      {{- range $field := list "honorLabels" "interval" "scrapeTimeout" "metricRelabelings" "relabelings" }}
      {{- with get $monitor $field }}
      {{ $field }}: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
  namespaceSelector:
    matchNames: [{{ include "bulla.namespace" . }}]
  selector:
    matchLabels:
      {{- include "bulla.matchLabels" . | nindent 6 }}
      app.kubernetes.io/component: metrics
{{- end -}}

{{- define "bulla.prometheusRule" -}}
{{- $rule := .Values.metrics.prometheusRule -}}
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {{- include "bulla.metadata" (dict "context" . "name" (include "bulla.fullname" .) "namespace" (default (include "bulla.namespace" .) $rule.namespace) "labels" (list $rule.labels)) | nindent 2 }}
spec: {{- (.Files.Get "files/prometheus-rule.yaml" | fromYaml).spec | toYaml | nindent 2 }}
{{- end -}}

{{- define "bulla.dashboard" -}}
{{- $dashboards := .Values.metrics.dashboards -}}
{{- $file := "sealed-secrets-controller.json" -}}
apiVersion: v1
kind: ConfigMap
metadata: {{- include "bulla.metadata" (dict "context" . "name" (printf "%s-%s" (include "bulla.fullname" .) (trimSuffix ".json" $file)) "namespace" (default .Release.Namespace $dashboards.namespace) "labels" (list $dashboards.labels) "annotations" (list $dashboards.annotations)) | nindent 2 }}
data:
  {{ $file }}: |-
{{ .Files.Get (printf "files/%s" $file) | indent 4 }}
{{- end -}}
