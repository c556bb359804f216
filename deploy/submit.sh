#!/usr/bin/env bash
# Submits a training run to a Ray cluster that runs already:
#   deploy/submit.sh SCENARIO --out /ABSOLUTE/FOLDER [more options of `fairward train`]
# RAY_API_SERVER_ADDRESS names its dashboard (default http://127.0.0.1:8265: tunnel to it, do not open it), RAY_AUTH_TOKEN_PATH
# its token. Needs ray[default] here and there. The job runs in a copy of this checkout that Ray removes: --out must be
# absolute, on a disk of the head that outlives the cluster, and a scenario file a path within this checkout.
set -euo pipefail
usage="usage: deploy/submit.sh SCENARIO --out /ABSOLUTE/FOLDER [options of fairward train]"
[ $# -ge 1 ] || { echo "$usage" >&2; exit 2; }
case " $* " in
  *" --out /"* | *" --out=/"*) ;;
  *) echo "--out: expected an absolute folder, or what is learned is removed with the job. $usage" >&2; exit 2 ;;
esac
root="$(cd "$(dirname "$0")/.." && pwd)"
ray="${RAY:-$root/.venv/bin/ray}"
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="${RAY_AUTH_TOKEN_PATH:-$HOME/.ray/auth_token}"
export RAY_API_SERVER_ADDRESS="${RAY_API_SERVER_ADDRESS:-http://127.0.0.1:8265}"
environment='{"excludes": [".venv", ".venv-core", "runs", "trained", "tuned", ".git", "tests"],
  "env_vars": {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}}'
exec "$ray" job submit --working-dir "$root" --runtime-env-json "$environment" -- \
  python -m fairward.cli train "$@" --ray auto
