#!/bin/bash
#SBATCH --job-name=joined_search
#SBATCH --output=joined_search-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --array=1-4
#SBATCH --time=04:00:00
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --requeue
#SBATCH --signal=TERM@180

srun --cpus-per-task="$SLURM_CPUS_PER_TASK" \
    fxai run --join --spec quick_search --storage postgresql://fxai@db.example.com/studies
code=$?

# Slurm's SIGTERM has interrupted the run (130), or came before it began (143). The next turn of this job continues it.
if [[ "$code" =~ ^(130|143)$ ]] && [ "${SLURM_RESTART_COUNT:-0}" -lt 50 ]; then
    scontrol requeue "${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
fi
exit "$code"
