{{/* What every pod of the release has. */}}
{{- define "livestill.podSettings" -}}
automountServiceAccountToken: false
# Without it Kubernetes puts a variable for every service of the namespace into the environment.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {{- toYaml .Values.seccompProfile | nindent 4 }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "livestill.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "livestill.secretVariable" -}}
{{- $name := first . -}}{{- $secret := index . 1 -}}{{- $key := last . -}}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $key }}
{{- end -}}

{{/* The way to PostgreSQL: (list . NAME-OF-THE-SECRET). */}}
{{- define "livestill.postgresEnv" -}}
{{- $secret := last . -}}
{{- with (first .).Values.store.postgres -}}
{{ include "livestill.secretVariable" (list "LIVESTILL_STORE" $secret .urlKey) }}
{{- if .passwordKey }}
{{ include "livestill.secretVariable" (list "LIVESTILL_POSTGRES_PASSWORD" $secret .passwordKey) }}
{{- end }}
{{- if .caSecret }}
- { name: LIVESTILL_POSTGRES_CA, value: /etc/livestill-postgres/ca.crt }
{{- end }}
{{- end -}}
{{- end -}}

{{- define "livestill.redisEnv" -}}
{{- with .Values.store.redis -}}
{{ include "livestill.secretVariable" (list "LIVESTILL_REDIS_URL" .existingSecret .urlKey) }}
{{- if .passwordKey }}
{{ include "livestill.secretVariable" (list "LIVESTILL_REDIS_PASSWORD" .existingSecret .passwordKey) }}
{{- end }}
{{- if .caSecret }}
- { name: LIVESTILL_REDIS_CA, value: /etc/livestill-redis/ca.crt }
{{- end }}
{{- end -}}
{{- end -}}

{{- define "livestill.objectStorageEnv" -}}
{{- with .Values.objectStorage -}}
{{- if and .existingSecret .credentialsFileKey }}
- { name: LIVESTILL_S3_CREDENTIALS_FILE, value: /etc/livestill-s3-keys/credentials }
{{- else if .existingSecret }}
{{ include "livestill.secretVariable" (list "LIVESTILL_S3_ACCESS_KEY_ID" .existingSecret .accessKeyIdKey) }}
{{ include "livestill.secretVariable" (list "LIVESTILL_S3_SECRET_ACCESS_KEY" .existingSecret .secretAccessKeyKey) }}
{{- if .sessionTokenKey }}
{{ include "livestill.secretVariable" (list "LIVESTILL_S3_SESSION_TOKEN" .existingSecret .sessionTokenKey) }}
{{- end }}
{{- end }}
{{- if .caSecret }}
- { name: LIVESTILL_S3_CA, value: /etc/livestill-s3/ca.crt }
{{- end }}
{{- end -}}
{{- end -}}

{{- define "livestill.telemetryEnv" -}}
{{- with .Values.telemetry -}}
{{- if .existingSecret }}
{{ include "livestill.secretVariable" (list "LIVESTILL_TRACES_AUTHORIZATION" .existingSecret .authorizationKey) }}
{{- end }}
{{- if .caSecret }}
# Of OpenTelemetry's SDK.
- { name: OTEL_EXPORTER_OTLP_CERTIFICATE, value: /etc/livestill-telemetry/ca.crt }
{{- end }}
{{- end -}}
{{- end -}}

{{/* What services and workers share. */}}
{{- define "livestill.env" -}}
- { name: LIVESTILL_CONFIG, value: /etc/livestill/livestill.json }
# A folder below the volume's own: that one belongs to root, and may hold lost+found.
- { name: LIVESTILL_DATA_DIR, value: /var/lib/livestill/data }
{{- if include "livestill.isFleet" . }}
# Pods come and go: each takes a name that no other one has at the moment, so that there are as many chains of the ledger as pods at once.
- { name: LIVESTILL_NODE, value: {{ include "livestill.fullname" . | trunc 50 | trimSuffix "-" }}-* }
{{ include "livestill.postgresEnv" (list . .Values.store.postgres.existingSecret) }}
{{- if .Values.store.redis.existingSecret }}
{{ include "livestill.redisEnv" . }}
{{- end }}
{{- end }}
{{- with .Values.masterKey }}
{{- if .existingSecret }}
{{ include "livestill.secretVariable" (list "LIVESTILL_MASTER_KEY" .existingSecret .key) }}
{{- end }}
{{- end }}
{{- with .Values.auditKey }}
{{- if .existingSecret }}
{{ include "livestill.secretVariable" (list "LIVESTILL_AUDIT_KEY" .existingSecret .key) }}
{{- end }}
{{- end }}
{{- with .Values.batchWebhook }}
{{- if .existingSecret }}
{{ include "livestill.secretVariable" (list "LIVESTILL_BATCH_WEBHOOK_SECRET" .existingSecret .key) }}
{{- end }}
{{- end }}
{{- with include "livestill.objectStorageEnv" . | trim }}
{{ . }}
{{- end }}
{{- with include "livestill.telemetryEnv" . | trim }}
{{ . }}
{{- end }}
# For the kubelet and Prometheus; the NetworkPolicy keeps others away.
- { name: LIVESTILL_ADMIN_HOST, value: 0.0.0.0 }
{{- end -}}

{{- define "livestill.mounts" -}}
- { name: data, mountPath: /var/lib/livestill }
- { name: config, mountPath: /etc/livestill, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- include "livestill.caMounts" . }}
{{- if and (include "livestill.isFleet" .) .Values.store.redis.existingSecret .Values.store.redis.caSecret }}
- { name: redis-ca, mountPath: /etc/livestill-redis, readOnly: true }
{{- end }}
{{- with .Values.objectStorage }}
{{- if and .existingSecret .credentialsFileKey }}
- { name: s3-keys, mountPath: /etc/livestill-s3-keys, readOnly: true }
{{- end }}
{{- if .caSecret }}
- { name: s3-ca, mountPath: /etc/livestill-s3, readOnly: true }
{{- end }}
{{- end }}
{{- if .Values.telemetry.caSecret }}
- { name: telemetry-ca, mountPath: /etc/livestill-telemetry, readOnly: true }
{{- end }}
{{- end -}}

{{- define "livestill.caMounts" -}}
{{- if and (include "livestill.isFleet" .) .Values.store.postgres.caSecret }}
- { name: postgres-ca, mountPath: /etc/livestill-postgres, readOnly: true }
{{- end }}
{{- end -}}

{{- define "livestill.volumes" -}}
- name: data
  {{- if include "livestill.isFleet" . }}
  emptyDir:
    sizeLimit: 64Mi
  {{- else }}
  persistentVolumeClaim:
    claimName: {{ include "livestill.claim" . }}
  {{- end }}
- name: config
  configMap:
    name: {{ include "livestill.fullname" . }}
- name: tmp
  emptyDir:
    sizeLimit: 256Mi
{{- include "livestill.caVolumes" . }}
{{- with .Values.store.redis }}
{{- if and (include "livestill.isFleet" $) .existingSecret .caSecret }}
{{ include "livestill.secretVolume" (list "redis-ca" .caSecret .caKey "ca.crt") }}
{{- end }}
{{- end }}
{{- with .Values.objectStorage }}
{{- if and .existingSecret .credentialsFileKey }}
{{ include "livestill.secretVolume" (list "s3-keys" .existingSecret .credentialsFileKey "credentials") }}
{{- end }}
{{- if .caSecret }}
{{ include "livestill.secretVolume" (list "s3-ca" .caSecret .caKey "ca.crt") }}
{{- end }}
{{- end }}
{{- with .Values.telemetry }}
{{- if .caSecret }}
{{ include "livestill.secretVolume" (list "telemetry-ca" .caSecret .caKey "ca.crt") }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "livestill.caVolumes" -}}
{{- with .Values.store.postgres }}
{{- if and (include "livestill.isFleet" $) .caSecret }}
{{ include "livestill.secretVolume" (list "postgres-ca" .caSecret .caKey "ca.crt") }}
{{- end }}
{{- end }}
{{- end -}}

{{/* One key of a Secret as a file: (list VOLUME SECRET KEY FILE). */}}
{{- define "livestill.secretVolume" -}}
- name: {{ first . }}
  secret:
    secretName: {{ index . 1 }}
    items: [{ key: {{ index . 2 }}, path: {{ last . }} }]
    # For the group (fsGroup), since the files belong to root.
    defaultMode: 0440
{{- end -}}

{{/* How the pods of one kind are spread: (list . SELECTOR). */}}
{{- define "livestill.spread" -}}
{{- $selector := last . -}}
{{- with (first .).Values.topologySpread -}}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ .topologyKey }}
    maxSkew: {{ default 1 .maxSkew }}
    whenUnsatisfiable: {{ .whenUnsatisfiable }}
    # Those of an update apart from those before it.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels: {{- $selector | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "livestill.podAnnotations" -}}
# A changed configuration makes a new pod.
checksum/config: {{ include "livestill.config" . | sha256sum }}
{{- with .Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* livestill's configuration file: what stands under config, and what the chart has values of its own for. */}}
{{- define "livestill.config" -}}
{{- $own := dict -}}
{{- with .Values.objectStorage -}}
{{- if .endpoint -}}
{{- $s3 := dict "endpoint" .endpoint "region" .region "pathStyle" .pathStyle -}}
{{- if .appsPrefix }}{{ $_ := set $s3 "appsPrefix" .appsPrefix }}{{ end -}}
{{- $_ := set $own "s3" $s3 -}}
{{- end -}}
{{- end -}}
{{- with .Values.telemetry -}}
{{- if .endpoint -}}
{{- $_ := set $own "traces" (pick . "endpoint" "ratio" "trustParent" "appid") -}}
{{- end -}}
{{- end -}}
{{- with .Values.signIn -}}
{{- if .issuer -}}
{{- $_ := set $own "console" (dict "oidc" (pick . "issuer" "clientId" "name" "scopes" "claim" "administrators" "operators" "auditors" "viewers" "others")) -}}
{{- end -}}
{{- end -}}
{{- mergeOverwrite (deepCopy .Values.config) $own | toPrettyJson -}}
{{- end -}}
