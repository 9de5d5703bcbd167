#!/bin/bash
# Starts, stops or shows a run of one study on each host: hosts.sh start|stop|log
hosts=(host1.example.com host2.example.com host3.example.com)
folder=search # on each host: spec, data, log of the run
command="fxai run --join --spec quick_search --storage postgresql://fxai@db.example.com/studies"

for host in "${hosts[@]}"; do
    case "$1" in
        start) ssh "$host" "cd $folder && (nohup $command >>run.log 2>&1 </dev/null & echo \$! >run.pid)" ;;
        stop) ssh "$host" "cd $folder && pkill -TERM --pidfile run.pid --full 'fxai run --join'" ;;
        log) ssh "$host" "tail -n 5 $folder/run.log" | sed "s/^/$host: /" ;;
        *) echo "usage: hosts.sh start|stop|log" >&2; exit 2 ;;
    esac
done
