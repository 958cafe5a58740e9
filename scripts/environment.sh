# Sourced by the other scripts: where the project is, and the virtual environment it works in.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv

# A registry that is slow for a minute, or refuses once, changes nothing; what the tests install asks the same way.
export PIP_DEFAULT_TIMEOUT=${PIP_DEFAULT_TIMEOUT:-60} PIP_RETRIES=${PIP_RETRIES:-10}
export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-120} UV_HTTP_RETRIES=${UV_HTTP_RETRIES:-10}
export npm_config_fetch_retries=${npm_config_fetch_retries:-10}

stop() {
  printf 'mlrun: %s\n' "$*" >&2
  exit 1
}

# What Debian has in packages of its own: "package: a command that fails when it is missing".
debian_needs() {
  echo "python3-venv: python3 -c 'import ensurepip, venv'"
  [ "$1" = dev ] || return 0
  echo "nodejs: node --version"                          # the script of a page is tried by the tests
  echo "npm: npm --version"                              # brings Azurite
  echo "podman: podman --version"                        # the image of the server is built and run by the tests
  echo "runc: runc --version"                            # what runs it, where control groups are of both versions
  echo "docker-registry: command -v docker-registry"       # images are pushed to one of the tests' own
  echo "redis-server: redis-server --version"            # the tests start one of their own
  echo "default-jre-headless: java -version"             # Spark runs in it
  echo "openmpi-bin: mpiexec.openmpi --version"            # ranks are started by either MPI, and on several hosts
  echo "openssh-server: test -x /usr/sbin/sshd"            # repositories are fetched by ssh
  echo "postgresql: ls /usr/lib/postgresql/*/bin/pg_ctl" # they start a server of their own
}

install_debian_packages() { # as root on Debian and its children; elsewhere find_python and pytest say what is missing
  local package test missing=()
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
  while IFS=: read -r package test; do
    bash -c "$test" >/dev/null 2>&1 || missing+=("$package")
  done < <(debian_needs "$1")
  [ ${#missing[@]} = 0 ] && return 0
  echo "installing ${missing[*]}"
  { apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"; } >/dev/null ||
    echo "apt-get could not install ${missing[*]} (see above); going on without" >&2
}

apt_get() { # asked again where another one holds a lock, as at the start of a machine, or a mirror fails
  local try
  for try in 1 2 3; do
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 "$@" && return 0
    [ "$try" = 3 ] || sleep 10
  done
  return 1
}

find_python() { # find_python EXTRA: prints a Python that can make virtual environments, and is new enough for that extra
  local name least=9
  [ "$1" != dev ] || least=11 # as its tools need
  for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 python3.10 python3.9; do
    if "$name" -c "import ensurepip, sys; sys.exit(sys.version_info < (3, $least))" 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  stop "needs Python 3.$least or newer with its venv module (on Debian: apt install python3 python3-venv)." \
    "Another one can be named: PYTHON=/path/to/python3 $0"
}

# use_environment EXTRA: .venv has this project (editable) with that extra, and comes first in PATH.
# Quiet but for errors. pip runs only when pyproject.toml, the folder or the extra is another one than the last time.
use_environment() {
  local extra=$1 want stamp
  stamp=$venv/.installed-$extra
  want="$root $(cksum <"$root/pyproject.toml")"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || ! "$venv/bin/python" -c '' 2>/dev/null; then
    install_environment "$extra"
    printf '%s\n' "$want" >"$stamp"
  fi
  export PATH=$venv/bin:$PATH
}

install_environment() {
  local python
  install_debian_packages "$1"
  if ! "$venv/bin/python" -c '' 2>/dev/null; then
    python=$(find_python "$1")
    echo "making .venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
  fi
  echo "installing mlrun[$1] into .venv"
  "$venv/bin/python" -m pip install -qq --disable-pip-version-check --compile --editable "$root[$1]" ||
    stop "pip could not install mlrun[$1] (its reason stands above). It needs the network, or a mirror" \
      "named by pip's own settings (PIP_INDEX_URL, HTTPS_PROXY, pip.conf)."
  [ "$1" != dev ] || { install_moto && install_azurite && install_dask_operator; }
}

install_moto() { # AWS on this machine, for the tests; apart, as its boto3 and that of s3fs are hardly ever the same
  [ ! -x "$venv/moto/bin/moto_server" ] || return 0
  echo "installing moto into .venv"
  "$venv/bin/python" -m venv "$venv/moto" &&
    "$venv/moto/bin/python" -m pip install -qq --disable-pip-version-check 'moto[s3,secretsmanager]' flask flask-cors ||
    stop "pip could not install moto (its reason stands above)."
}

install_dask_operator() { # runs beside a Kubernetes, where the tests are given one; apart, as it pins what it needs
  [ ! -x "$venv/dask-operator/bin/kopf" ] || return 0
  echo "installing the Dask operator into .venv"
  "$venv/bin/python" -m venv "$venv/dask-operator" &&
    "$venv/dask-operator/bin/python" -m pip install -qq --disable-pip-version-check dask-kubernetes kubernetes ||
    stop "pip could not install dask-kubernetes (its reason stands above)."
}

install_azurite() { # Azure's storage on this machine, for the tests; beside the Python packages
  [ ! -x "$venv/npm/node_modules/.bin/azurite-blob" ] || return 0
  echo "installing azurite into .venv"
  npm install --silent --no-audit --no-fund --no-save --prefix "$venv/npm" azurite >/dev/null ||
    stop "npm could not install azurite (its reason stands above); it needs npm and the network, or a mirror."
}
