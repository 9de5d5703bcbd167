// Draws one metric against one parameter, chosen by the reader.
const trials = document.getElementById("trials") && JSON.parse(document.getElementById("trials").textContent)

function drawChosen() {
  if (!window.Plotly) return
  const metric = trials.metrics[document.getElementById("choose-metric").value]
  const parameter = trials.parameters[document.getElementById("choose-parameter").value]
  const named = (text) => text.replaceAll("<", "&lt;")
  const best = (number) => number === trials.best
  const points = {
    type: "scatter", mode: "markers", x: parameter.values, y: metric.values,
    text: trials.trials.map((number) => `trial ${number}`), hovertemplate: "%{text}<br>%{x}: %{y}<extra></extra>",
    marker: {
      color: trials.trials.map((number) => colour(best(number) ? palette.best : palette.series[0])),
      size: trials.trials.map((number) => (best(number) ? 15 : 7)),
      symbol: trials.trials.map((number) => (best(number) ? "star" : "circle")),
      opacity: trials.trials.map((number) => (best(number) ? 1 : 0.65)),
    },
  }
  const layout = {
    template: template(), height: 400, autosize: true, showlegend: false,
    xaxis: { ...parameter.axis, title: { text: named(parameter.name) } }, yaxis: { ...metric.axis, title: { text: named(metric.name) } },
  }
  Plotly.react("chosen", [points], layout, { displaylogo: false, responsive: true, displayModeBar: false })
}

if (trials) {
  for (const name of ["choose-metric", "choose-parameter"])
    document.getElementById(name).addEventListener("change", drawChosen)
  whenThemed.push(drawChosen)
  plotlyLoaded.then(drawChosen)
}
