#!/usr/bin/env bash
# Submits a training run to a Ray cluster that runs already: deploy/submit.sh SCENARIO [options of `fairward train`]
# RAY_API_SERVER_ADDRESS names its dashboard (default http://127.0.0.1:8265: tunnel to it, do not open it), RAY_AUTH_TOKEN_PATH
# its token. Needs ray[default] here and there. --out should be on a disk that outlives the cluster.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: deploy/submit.sh SCENARIO [options of fairward train]" >&2; exit 2; }
root="$(cd "$(dirname "$0")/.." && pwd)"
ray="${RAY:-$root/.venv/bin/ray}"
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="${RAY_AUTH_TOKEN_PATH:-$HOME/.ray/auth_token}"
export RAY_API_SERVER_ADDRESS="${RAY_API_SERVER_ADDRESS:-http://127.0.0.1:8265}"
environment='{"excludes": [".venv", ".venv-core", "runs", "trained", "tuned", ".git", "tests"],
  "env_vars": {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}}'
exec "$ray" job submit --working-dir "$root" --runtime-env-json "$environment" -- \
  python -m fairward.cli train "$@" --ray auto
