{{/* Services, what leads to them, and who may use them. */}}

{{/* In: context, name, port (name of the container's), values (of the Service), labels. */}}
{{- define "bulla.service" -}}
apiVersion: v1
kind: Service
metadata: {{- include "bulla.metadata" (dict "context" .context "name" .name "namespace" (include "bulla.namespace" .context) "labels" (list .values.labels) "lastLabels" .labels "annotations" (list .values.annotations)) | nindent 2 }}
spec:
  type: {{ .values.type }}
  {{- with .values.loadBalancerClass }}
  loadBalancerClass: {{ . }}
  {{- end }}
  ports:
    - name: {{ .port }}
      port: {{ .values.port }}
      targetPort: {{ .port }}
      protocol: TCP
      {{- if and .values.nodePort (ne .values.type "ClusterIP") }}
      nodePort: {{ .values.nodePort }}
      {{- end }}
  selector: {{- include "bulla.matchLabels" .context | nindent 4 }}
{{- end -}}

{{- define "bulla.ingress" -}}
{{- $name := include "bulla.fullname" . -}}
{{- $backend := dict "service" (dict "name" $name "port" (dict "name" "http")) -}}
{{- $ingress := .Values.ingress -}}
{{- $annotations := $ingress.annotations | default dict -}}
{{- $certManager := or (hasKey $annotations "cert-manager.io/cluster-issuer") (hasKey $annotations "cert-manager.io/issuer") -}}
{{- $own := and $ingress.tls (or $certManager $ingress.selfSigned) -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{- include "bulla.metadata" (dict "context" . "name" $name "namespace" (include "bulla.namespace" .) "annotations" (list $ingress.annotations)) | nindent 2 }}
spec:
  {{- with $ingress.ingressClassName }}
  ingressClassName: {{ . | quote }}
  {{- end }}
  rules:
    {{- with $ingress.hostname }}
    - host: {{ . | quote }}
      http:
        paths:
          {{- with $ingress.extraPaths }}
          {{- toYaml . | nindent 10 }}
          {{- end }}
          - path: {{ $ingress.path }}
            pathType: {{ $ingress.pathType }}
            backend: {{- toYaml $backend | nindent 14 }}
    {{- end }}
    {{- range $ingress.extraHosts }}
    - host: {{ .name | quote }}
      http:
        paths:
          - path: {{ default "/" .path }}
            pathType: {{ default "ImplementationSpecific" .pathType }}
            backend: {{- toYaml $backend | nindent 14 }}
    {{- end }}
  {{- if or $own $ingress.extraTls }}
  tls:
    {{- if $own }}
    - hosts: [{{ $ingress.hostname | quote }}]
      secretName: {{ $ingress.hostname }}-tls
    {{- end }}
    {{- with $ingress.extraTls }}
    {{- include "bulla.render" (dict "value" . "context" $) | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{/* The certificates of the Ingress. */}}
{{- define "bulla.ingressSecrets" -}}
{{- range .Values.ingress.secrets }}
---
{{ include "bulla.tlsSecret" (dict "context" $ "name" .name "data" (dict "tls.crt" .certificate "tls.key" .key)) }}
{{- end }}
{{- if and .Values.ingress.tls .Values.ingress.selfSigned }}
{{- $host := .Values.ingress.hostname }}
{{- $ca := genCA "sealed-secrets-ca" 365 }}
{{- $certificate := genSignedCert $host nil (list $host) 365 $ca }}
---
{{ include "bulla.tlsSecret" (dict "context" $ "name" (printf "%s-tls" $host) "data" (dict "tls.crt" $certificate.Cert "tls.key" $certificate.Key "ca.crt" $ca.Cert)) }}
{{- end }}
{{- end -}}

{{- define "bulla.tlsSecret" -}}
apiVersion: v1
kind: Secret
metadata: {{- include "bulla.metadata" (dict "context" .context "name" .name "namespace" (include "bulla.namespace" .context)) | nindent 2 }}
type: kubernetes.io/tls
data:
  {{- range $name, $text := .data }}
  {{ $name }}: {{ $text | b64enc }}
  {{- end }}
{{- end -}}

{{- define "bulla.networkPolicy" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $endpoints := lookup "v1" "Endpoints" "default" "kubernetes" -}}
{{- $metadata := dict "context" . "name" (include "bulla.fullname" .) "namespace" (include "bulla.namespace" .) -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{- include "bulla.metadata" $metadata | nindent 2 }}
spec:
  podSelector:
    matchLabels: {{- include "bulla.matchLabels" . | nindent 6 }}
  policyTypes: [Ingress{{ if $policy.egress.enabled }}, Egress{{ end }}]
  ingress:
    - ports:
        - port: {{ .Values.containerPorts.http | default 8080 }}
      {{- with $policy.httpFrom }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
    - ports:
        - port: {{ .Values.containerPorts.metrics | default 8081 }}
      {{- with $policy.metricsFrom }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
  {{- if $policy.egress.enabled }}
  egress:
    {{- if $policy.egress.kubeapiCidr }}
    - to: [{ipBlock: {cidr: {{ $policy.egress.kubeapiCidr }}}}]
      ports: [{protocol: TCP, port: {{ $policy.egress.kubeapiPort }}}]
    {{- else if $endpoints }}
    {{- range $endpoints.subsets }}
    - to:
        {{- range .addresses }}
        - ipBlock: {cidr: {{ .ip }}/{{ contains ":" .ip | ternary 128 32 }}}
        {{- end }}
      ports:
        {{- range .ports }}
        - {protocol: {{ .protocol }}, port: {{ .port }}}
        {{- end }}
    {{- end }}
    {{- else if not $policy.egress.extra }}
    - {} # everywhere, as the original's chart where no cluster says the addresses
    {{- end }}
    {{- with $policy.egress.extra }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end -}}
