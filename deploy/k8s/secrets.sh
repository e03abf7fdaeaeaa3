#!/bin/sh
# Prints every Secret that the manifests name, with fresh random values:
#   deploy/k8s/secrets.sh dev | kubectl create -f -
# Only ever `create`: what is there already stays as it is, because a new key cannot read what the old one wrote.
# An installation that has a store of secrets keeps them there, under the same names.
set -eu

case ${1:-} in
  dev) tls() { :; } ;;
  production) tls() { echo "?sslmode=verify-full&sslrootcert=/etc/workforce/authorities/$1.crt"; } ;;
  *) echo "usage: $0 dev|production" >&2; exit 2 ;;
esac

secret() { # its name and type; its values follow
  cat <<END
---
apiVersion: v1
kind: Secret
metadata:
  name: $1
  namespace: workforce
type: $2
stringData:
END
}

login() { # its secret, the role, the cluster, the database
  password=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
  secret "$1" kubernetes.io/basic-auth
  echo "  username: $2"
  echo "  password: '$password'"
  echo "  uri: 'postgresql://$2:$password@$3-rw:5432/$4$(tls "$3")'"
}

key() { printf '"%s": "%s"' "$1" "$(head -c 32 /dev/urandom | base64 | tr -d '\n')"; }

for service in ledger payroll notifications; do
  login $service-owner ${service}_owner records $service
  login $service-app ${service}_app records $service
done
login keys-owner ledger_owner keys keys
login keys-app ledger_app keys keys
secret workforce-keys Opaque
echo "  keys: '{$(key tokens), $(key fingerprints), $(key personal)}'"
