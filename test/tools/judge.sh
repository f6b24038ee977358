#!/usr/bin/env bash
# What others think: Spectral with OWASP's rules and Redocly of openapi.json, recheck of every regular expression.
# Errors fail, warnings do not.
set -euo pipefail
cd "$(dirname "$0")"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true

# what is installed is that of the lock file
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --silent --no-audit --no-fund --ignore-scripts
  cp package-lock.json node_modules/.installed
fi
node_modules/.bin/spectral lint ../../openapi.json --ruleset .spectral.yaml --fail-severity error --display-only-failures
node_modules/.bin/redocly lint ../../openapi.json
node regexes.mjs
