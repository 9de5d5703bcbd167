# Minimizes (x - 3)^2 + 10 (y + 1)^2 by gradient descent with momentum, and reports the error of each step.
x=0 y=0 dx=0 dy=0
for step in 1 2 3 4 5 6 7 8 9 10; do
    set -- $(awk -v x=$x -v y=$y -v dx=$dx -v dy=$dy -v rate="$FXAI_PARAM_RATE" -v momentum="$FXAI_PARAM_MOMENTUM" 'BEGIN {
        dx = momentum * dx - rate * 2 * (x - 3); dy = momentum * dy - rate * 20 * (y + 1)
        x += dx; y += dy
        print x, y, dx, dy, (x - 3) ^ 2 + 10 * (y + 1) ^ 2
    }')
    x=$1 y=$2 dx=$3 dy=$4
    echo "step $step: x is $x, y is $y"
    echo "{\"step\": $step, \"error\": $5}" >> "$FXAI_REPORTS"
    sleep 0.05
done
