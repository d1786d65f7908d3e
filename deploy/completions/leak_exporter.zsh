#compdef leak_exporter
# zsh completion for leak_exporter

_leak_exporter() {
  local -a flags
  flags=(
    '--config.file=[read the configuration from this file]:file:_files'
    '*--pid=[watch this process]:pid:_pids'
    '*--web.listen-address=[listen there]:address:'
    '--web.systemd-socket[listen on the sockets that systemd hands over]'
    '--web.telemetry-path=[serve the metrics under this path]:path:'
    '--web.max-connections=[keep at most this many connections]:number:'
    '--web.enable-lifecycle=-[let everybody or nobody reload over HTTP]:switch:(true false)'
    '--web.enable-debug=-[serve the debug blocks]:switch:(true false)'
    '--web.config.file=[read TLS, users and headers from this file]:file:_files'
    '--format=[print blocks as]:format:(text json)'
    '--security.unneeded-calls=[what becomes of system calls without need]:action:(refuse kill allow)'
    '--log.level=[log from this level on]:level:(debug info warn error)'
    '--log.format=[log as]:format:(logfmt json)'
    '--version[print the version and end]'
    '--help[print the help and end]'
  )
  _arguments $flags \
    '1:command:((serve\:"serve metrics over HTTP" profile\:"print blocks once" check-config\:"check a file"))' \
    '*::argument:->rest'
  [[ $state == rest ]] || return
  case $words[1] in
    profile) _arguments $flags '*:block:(memory pid disk mapping)' ;;
    check-config) _arguments '1:file:_files' ;;
    *) _arguments $flags ;;
  esac
}

_leak_exporter "$@"
