{{- define "livestill.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "livestill.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "livestill.labels" -}}
{{ include "livestill.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "livestill.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "livestill.claim" -}}
{{- default (printf "%s-data" (include "livestill.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{/* What the program cannot do is refused here, not found out in the cluster. */}}
{{- define "livestill.check" -}}
{{- if and (eq .Values.store.kind "sqlite") (ne (int .Values.replicas) 1) -}}
{{- fail (printf "replicas: expected 1, found %v. With store.kind sqlite the data belong to one process: a second pod would answer with keys, limits and records of its own. Give the one pod more processors instead (resources)." .Values.replicas) -}}
{{- end -}}
{{- range $name := list "host" "port" "adminHost" "adminPort" "dataDir" "masterKey" -}}
{{- if hasKey $.Values.config $name -}}
{{- fail (printf "config.%s: the chart sets it itself; leave it out." $name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.config.tls .Values.tls.existingSecret -}}
{{- fail "config.tls and tls.existingSecret: name one of them." -}}
{{- end -}}
{{- end -}}
