# bash completion for leak_exporter
_leak_exporter() {
  local current=${COMP_WORDS[COMP_CWORD]}
  local flags='--config.file= --pid= --web.listen-address= --web.systemd-socket
    --web.telemetry-path= --web.max-connections= --web.enable-lifecycle= --web.enable-debug=
    --web.config.file=
    --format= --security.unneeded-calls= --log.level= --log.format= --version --help'
  local commands='serve profile check-config'
  local blocks='memory pid disk mapping'
  local flag value word command=

  # Readline splits words at '='; put the flag together again.
  if [ "$current" = = ]; then
    flag=${COMP_WORDS[COMP_CWORD-1]} value=
  elif [ "${COMP_WORDS[COMP_CWORD-1]}" = = ]; then
    flag=${COMP_WORDS[COMP_CWORD-2]} value=$current
  fi
  case $flag in
    --config.file | --web.config.file) mapfile -t COMPREPLY < <(compgen -f -- "$value"); return ;;
    --pid) mapfile -t COMPREPLY < <(cd /proc && compgen -G '[0-9]*' | grep "^$value"); return ;;
    --format) mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$value"); return ;;
    --security.unneeded-calls) mapfile -t COMPREPLY < <(compgen -W 'refuse kill allow' -- "$value"); return ;;
    --log.level) mapfile -t COMPREPLY < <(compgen -W 'debug info warn error' -- "$value"); return ;;
    --log.format) mapfile -t COMPREPLY < <(compgen -W 'logfmt json' -- "$value"); return ;;
    --web.enable-*) mapfile -t COMPREPLY < <(compgen -W 'true false' -- "$value"); return ;;
    --*) return ;;
  esac

  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in serve | profile | check-config) command=$word ;; esac
  done
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W "$commands $flags" -- "$current") ;;
    profile) mapfile -t COMPREPLY < <(compgen -W "$blocks $flags" -- "$current") ;;
    check-config) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current") ;;
  esac
  [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace
}
complete -F _leak_exporter leak_exporter
