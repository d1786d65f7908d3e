# fish completion for leak_exporter
set -l commands serve profile check-config
complete -c leak_exporter -f
complete -c leak_exporter -n "not __fish_seen_subcommand_from $commands" -a serve -d 'Serve metrics over HTTP'
complete -c leak_exporter -n "not __fish_seen_subcommand_from $commands" -a profile -d 'Print blocks once'
complete -c leak_exporter -n "not __fish_seen_subcommand_from $commands" -a check-config -d 'Check a file'
complete -c leak_exporter -n '__fish_seen_subcommand_from profile' -a 'memory pid disk mapping'
complete -c leak_exporter -n '__fish_seen_subcommand_from check-config' -F
complete -c leak_exporter -l config.file -r -F -d 'Read the configuration from this file'
complete -c leak_exporter -l pid -x -a '(__fish_complete_pids)' -d 'Watch this process'
complete -c leak_exporter -l web.listen-address -x -d 'Listen there'
complete -c leak_exporter -l web.systemd-socket -d 'Listen on the sockets that systemd hands over'
complete -c leak_exporter -l web.telemetry-path -x -d 'Serve the metrics under this path'
complete -c leak_exporter -l web.max-connections -x -d 'Keep at most this many connections'
complete -c leak_exporter -l web.enable-lifecycle -x -a 'true false' -d 'Let everybody or nobody reload over HTTP'
complete -c leak_exporter -l web.enable-debug -x -a 'true false' -d 'Serve the debug blocks'
complete -c leak_exporter -l web.config.file -r -F -d 'Read TLS, users and headers from this file'
complete -c leak_exporter -l format -x -a 'text json' -d 'Print blocks as'
complete -c leak_exporter -l security.unneeded-calls -x -a 'refuse kill allow' -d 'What becomes of system calls without need'
complete -c leak_exporter -l log.level -x -a 'debug info warn error' -d 'Log from this level on'
complete -c leak_exporter -l log.format -x -a 'logfmt json' -d 'Log as'
complete -c leak_exporter -l version -d 'Print the version and end'
complete -c leak_exporter -l help -d 'Print the help and end'
