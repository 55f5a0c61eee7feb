{{/* The pods, and how many of them may be away. */}}

{{- define "bulla.deployment" -}}
{{- $metadata := dict "context" . "name" (include "bulla.fullname" .) "namespace" (include "bulla.namespace" .) -}}
apiVersion: apps/v1
kind: Deployment
metadata: {{- include "bulla.metadata" $metadata | nindent 2 }}
spec:
  replicas: {{ .Values.replicas }}
  {{- with .Values.revisionHistoryLimit }}
  revisionHistoryLimit: {{ . }}
  {{- end }}
  selector:
    matchLabels: {{- include "bulla.matchLabels" . | nindent 6 }}
  template:
    metadata:
      {{- with .Values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
      labels:
        {{- include "bulla.matchLabels" . | nindent 8 }}
        {{- with .Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- with .Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      {{- range $field := list "affinity" "nodeSelector" "tolerations" }}
      {{- with get $.Values $field }}
      {{ $field }}: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- range $field := list "priorityClassName" "runtimeClassName" "dnsPolicy" }}
      {{- with get $.Values $field }}
      {{ $field }}: {{ . | quote }}
      {{- end }}
      {{- end }}
      {{- if .Values.hostNetwork }}
      hostNetwork: true
      {{- end }}
      {{- if .Values.podSecurityContext.enabled }}
      securityContext: {{- omit .Values.podSecurityContext "enabled" | toYaml | nindent 8 }}
      {{- end }}
      serviceAccountName: {{ include "bulla.serviceAccountName" . }}
      containers:
        - {{- include "bulla.container" . | nindent 10 }}
      volumes:
        {{- with .Values.additionalVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        - name: tmp
          emptyDir: {}
{{- end -}}

{{- define "bulla.container" -}}
name: controller
image: {{ compact (list .Values.image.registry .Values.image.repository) | join "/" }}:{{ .Values.image.tag | default .Chart.AppVersion }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: {{- include "bulla.render" (dict "value" (.Values.command | default (list "controller")) "context" .) | nindent 2 }}
args: {{- include "bulla.render" (dict "value" (.Values.args | default (include "bulla.args" . | fromYamlArray)) "context" .) | nindent 2 }}
ports:
  {{- range $name, $default := dict "http" 8080 "metrics" 8081 }}
  {{- $port := get $.Values.containerPorts $name | default $default }}
  - name: {{ $name }}
    containerPort: {{ $port }}
    protocol: TCP
    {{- $hostPort := get $.Values.hostPorts $name }}
    {{- if $.Values.hostNetwork }}{{ $hostPort = $port }}{{ end }}
    {{- with $hostPort }}
    hostPort: {{ . }}
    {{- end }}
  {{- end }}
{{- include "bulla.probe" (dict "context" . "name" "startupProbe" "custom" .Values.customStartupProbe "check" (dict "tcpSocket" (dict "port" "http"))) }}
{{- include "bulla.probe" (dict "context" . "name" "livenessProbe" "custom" .Values.customLivenessProbe "check" (dict "httpGet" (dict "path" "/healthz" "port" "http"))) }}
{{- include "bulla.probe" (dict "context" . "name" "readinessProbe" "custom" .Values.customReadinessProbe "check" (dict "httpGet" (dict "path" "/readyz" "port" "http"))) }}
resources: {{- include "bulla.resources" . | nindent 2 }}
{{- if .Values.containerSecurityContext.enabled }}
securityContext: {{- omit .Values.containerSecurityContext "enabled" | toYaml | nindent 2 }}
{{- end }}
volumeMounts:
  {{- with .Values.additionalVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  - name: tmp
    mountPath: /tmp
{{- end -}}

{{/* What the user says, or else our own numbers: one of ours beside one of the user's may contradict it. */}}
{{- define "bulla.resources" -}}
{{- $resources := .Values.resources | default dict -}}
{{- if not (or $resources.limits $resources.requests) -}}
{{- $requests := dict "cpu" "50m" "memory" "32Mi" -}}
{{- $limits := dict "cpu" "2" "memory" "256Mi" -}}
{{- $resources = merge (dict "requests" $requests "limits" $limits) $resources -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{/* One probe of the container. In: context, name, custom (in place of it), check (what it asks). */}}
{{- define "bulla.probe" -}}
{{- $probe := get .context.Values .name -}}
{{- $value := .custom -}}
{{- if $probe.enabled -}}{{- $value = merge (omit $probe "enabled") .check -}}{{- end -}}
{{- with $value }}
{{ $.name }}: {{- include "bulla.render" (dict "value" . "context" $.context) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The command line, as a list. */}}
{{- define "bulla.args" -}}
{{- $args := list -}}
{{- range $flag, $value := dict "update-status" .Values.updateStatus "skip-recreate" .Values.skipRecreate "log-info-stdout" .Values.logInfoStdout "watch-for-secrets" .Values.watchForSecrets -}}
{{- if $value -}}{{- $args = append $args (printf "--%s" $flag) -}}{{- end -}}
{{- end -}}
{{- /* The one flag of which 0 says something: as a text it is not empty. */ -}}
{{- $renewal := kindIs "invalid" .Values.keyrenewperiod | ternary "" (toString .Values.keyrenewperiod) -}}
{{- $lease := include "bulla.fullname" . -}}
{{- if eq $lease "sealed-secrets-controller" -}}{{- $lease = "" -}}{{- /* the program's default */ -}}{{- end -}}
{{- $texts := dict "leader-elect-resource-name" $lease "key-renew-period" $renewal "key-ttl" .Values.keyttl "key-cutoff-time" .Values.keycutofftime "rate-limit" .Values.rateLimit "rate-limit-burst" .Values.rateLimitBurst "key-prefix" .Values.secretName "additional-namespaces" (join "," .Values.additionalNamespaces) "privatekey-annotations" (include "bulla.pairs" .Values.privateKeyAnnotations) "privatekey-labels" (include "bulla.pairs" .Values.privateKeyLabels) "log-level" .Values.logLevel "log-format" .Values.logFormat "max-unseal-retries" .Values.maxRetries "kubeclient-qps" .Values.kubeClientQPS "kubeclient-burst" .Values.kubeClientBurst -}}
{{- range $flag, $value := $texts -}}
{{- if $value -}}{{- $args = concat $args (list (printf "--%s" $flag) (toString $value)) -}}{{- end -}}
{{- end -}}
{{- range $flag, $port := dict "listen-addr" .Values.containerPorts.http "listen-metrics-addr" .Values.containerPorts.metrics -}}
{{- if $port -}}{{- $args = concat $args (list (printf "--%s" $flag) (printf ":%v" $port)) -}}{{- end -}}
{{- end -}}
{{- toYaml $args -}}
{{- end -}}

{{- define "bulla.pdb" -}}
{{- $metadata := dict "context" . "name" (include "bulla.fullname" .) "namespace" (include "bulla.namespace" .) -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{- include "bulla.metadata" $metadata | nindent 2 }}
spec:
  {{- range $field := list "minAvailable" "maxUnavailable" }}
  {{- $number := get $.Values.pdb $field }}
  {{- if regexMatch "64$" (typeOf $number) }}
  {{ $field }}: {{ $number }}
  {{- end }}
  {{- end }}
  selector:
    matchLabels: {{- include "bulla.matchLabels" . | nindent 6 }}
{{- end -}}
