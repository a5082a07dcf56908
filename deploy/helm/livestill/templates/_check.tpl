{{/* What the program cannot do is refused here, not found out in the cluster. */}}
{{- define "livestill.check" -}}
{{- include "livestill.checkConfig" . -}}
{{- include "livestill.checkStore" . -}}
{{- include "livestill.checkTimes" . -}}
{{- include "livestill.checkScaling" . -}}
{{- include "livestill.checkNetwork" . -}}
{{- include "livestill.checkBeside" . -}}
{{- end -}}

{{- define "livestill.checkConfig" -}}
{{- range $path := list "host" "port" "adminHost" "adminPort" "dataDir" "store" "node" "masterKey" "auditKey" "postgres.password" "postgres.ca" "redis.url" "redis.password" "redis.ca" "batch.picturesDir" "batch.adminPort" "batch.webhookSecret" "webhook.secret" -}}
{{- $at := $.Values.config -}}
{{- range splitList "." $path -}}
{{- $at = ternary (get (default dict $at) .) nil (and (kindIs "map" $at) (hasKey (default dict $at) .)) -}}
{{- end -}}
{{- if not (kindIs "invalid" $at) -}}
{{- fail (printf "config.%s: the chart sets it itself; leave it out." $path) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.config.tls .Values.tls.existingSecret -}}
{{- fail "config.tls and tls.existingSecret: name one of them." -}}
{{- end -}}
{{- if .Values.console.ingress.enabled -}}
{{- if eq (dig "console" "enabled" true .Values.config) false -}}
{{- fail "console.ingress.enabled: config.console.enabled is false, so there is no console to reach." -}}
{{- end -}}
{{- if dig "console" "url" "" .Values.config -}}
{{- fail "config.console.url: with console.ingress the chart sets it itself; leave it out." -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled (empty .Values.console.ingress.from) -}}
{{- fail "console.ingress.from: name the pods of the ingress controller (peers of a NetworkPolicy), since the NetworkPolicy lets nobody else reach the console." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "livestill.checkStore" -}}
{{- if include "livestill.isFleet" . -}}
{{- if not .Values.store.postgres.existingSecret -}}
{{- fail "store.postgres.existingSecret: expected the name of a Secret with the url of the database (store.kind is postgres)." -}}
{{- end -}}
{{- range $name := list "masterKey" "auditKey" -}}
{{- if not (index $.Values $name).existingSecret -}}
{{- fail (printf "%s.existingSecret: expected the name of a Secret. With store.kind postgres pods keep no key of their own: each new one would have another." $name) -}}
{{- end -}}
{{- end -}}
{{- if .Values.firstApp -}}
{{- fail "firstApp: only with store.kind sqlite. With several nodes make the app with \"livestill app create\" (the notes of the release say how)." -}}
{{- end -}}
{{- if .Values.persistence.existingClaim -}}
{{- fail "persistence.existingClaim: only with store.kind sqlite; with postgres pods keep nothing. \"livestill store copy\" moves what a SQLite file holds." -}}
{{- end -}}
{{- else -}}
{{- if ne (int .Values.replicas) 1 -}}
{{- fail (printf "replicas: expected 1, found %v. With store.kind sqlite the data belong to one process: a second pod would answer with keys, limits and records of its own. Give the one pod more processors instead (resources), or set store.kind to postgres." .Values.replicas) -}}
{{- end -}}
{{- range $path := list "store.postgres.existingSecret" "store.redis.existingSecret" "autoscaling.enabled" "worker.enabled" -}}
{{- $at := $.Values -}}
{{- range splitList "." $path -}}{{- $at = index $at . -}}{{- end -}}
{{- if $at -}}
{{- fail (printf "%s: needs store.kind postgres, found sqlite." $path) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "livestill.checkTimes" -}}
{{- $drain := divf (float64 (dig "timeouts" "drainMs" 30000 .Values.config)) 1000 | ceil | int -}}
{{- $needed := add .Values.preStopSeconds $drain -}}
{{- if le (int .Values.terminationGracePeriodSeconds) (int $needed) -}}
{{- fail (printf "terminationGracePeriodSeconds: expected more than %d (preStopSeconds %v and %d s of timeouts.drainMs), found %v: running requests would be cut off." $needed .Values.preStopSeconds $drain .Values.terminationGracePeriodSeconds) -}}
{{- end -}}
{{- end -}}

{{- define "livestill.checkScaling" -}}
{{- with .Values.autoscaling -}}
{{- if .enabled -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "autoscaling.maxReplicas: expected %v (minReplicas) or more, found %v." .minReplicas .maxReplicas) -}}
{{- end -}}
{{- if and (eq (int .cpuPercent) 0) (not .queueWait.enabled) -}}
{{- fail "autoscaling: by nothing. Set cpuPercent, queueWait.enabled or both." -}}
{{- end -}}
{{- if and (gt (int .cpuPercent) 0) (not (dig "requests" "cpu" "" $.Values.resources)) -}}
{{- fail "autoscaling.cpuPercent: needs resources.requests.cpu, of which it is a share." -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "livestill.checkNetwork" -}}
{{- if and .Values.networkPolicy.enabled (include "livestill.isFleet" .) -}}
{{- if empty .Values.networkPolicy.to.postgres.peers -}}
{{- fail "networkPolicy.to.postgres.peers: say where PostgreSQL is, such as [{\"ipBlock\":{\"cidr\":\"10.0.3.7/32\"}}]; nothing goes out to it otherwise." -}}
{{- end -}}
{{- if and .Values.store.redis.existingSecret (empty .Values.networkPolicy.to.redis.peers) -}}
{{- fail "networkPolicy.to.redis.peers: say where Redis is, such as [{\"ipBlock\":{\"cidr\":\"10.0.3.8/32\"}}]; nothing goes out to it otherwise." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Storage, collector and provider: what belongs together is there together, and can be reached. */}}
{{- define "livestill.checkBeside" -}}
{{- range $value, $of := dict "objectStorage" (list "endpoint" "s3") "telemetry" (list "endpoint" "traces") "signIn" (list "issuer" "console.oidc") -}}
{{- $values := index $.Values $value -}}
{{- $first := first $of -}}
{{- if index $values $first -}}
{{- $at := $.Values.config -}}
{{- range splitList "." (last $of) -}}
{{- $at = ternary (get (default dict $at) .) nil (and (kindIs "map" $at) (hasKey (default dict $at) .)) -}}
{{- end -}}
{{- range $name := keys (default dict $at) | sortAlpha -}}
{{- if or (hasKey $values $name) (has $name (list "ca" "credentialsFile" "clientSecretFile")) -}}
{{- fail (printf "config.%s.%s: with %s.%s the chart sets it itself; leave it out." (last $of) $name $value $first) -}}
{{- end -}}
{{- end -}}
{{- if and $.Values.networkPolicy.enabled (empty (index $.Values.networkPolicy.to $value).peers) (empty $.Values.networkPolicy.egress) -}}
{{- fail (printf "networkPolicy.to.%s.peers: say where %s.%s is, such as [{\"ipBlock\":{\"cidr\":\"10.0.3.9/32\"}}]; nothing goes out to it otherwise." $value $value $first) -}}
{{- end -}}
{{- else if or $values.existingSecret $values.caSecret -}}
{{- fail (printf "%s.%s: expected the address that the Secret is for." $value $first) -}}
{{- end -}}
{{- end -}}
{{- with .Values.signIn -}}
{{- if .issuer -}}
{{- if not .clientId -}}
{{- fail "signIn.clientId: expected the name under which the provider knows this service." -}}
{{- end -}}
{{- if not (has "openid" .scopes) -}}
{{- fail "signIn.scopes: expected openid among them." -}}
{{- end -}}
{{- if eq (dig "console" "enabled" true $.Values.config) false -}}
{{- fail "signIn.issuer: config.console.enabled is false, so there is no console to sign in to." -}}
{{- end -}}
{{- if and (eq .others "refuse") (empty (concat .administrators .operators .auditors .viewers)) -}}
{{- fail "signIn: nobody could sign in. Name the groups of administrators, operators, auditors or viewers, or set others to viewer." -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
