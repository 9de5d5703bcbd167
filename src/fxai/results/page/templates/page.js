// Draws the page's figures when they scroll into view, in the colours of the page's theme.
const figures = JSON.parse(document.getElementById("figures").textContent)
const palette = JSON.parse(document.getElementById("palette").textContent)
const root = document.documentElement
const system = matchMedia("(prefers-color-scheme: dark)")
const drawn = new Set()
const whenThemed = [] // functions that draw again after a change of the theme

const packed = document.getElementById("plotly")

// Unpacks plotly's script, if it is inside the page. An element runs it, because the page's policy forbids eval.
async function unpackPlotly() {
  if (!packed || !window.DecompressionStream) return
  const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0))
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))
  const script = document.createElement("script")
  script.textContent = await new Response(unpacked).text()
  document.head.append(script)
}
const plotlyLoaded = unpackPlotly()

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches)
const colour = (hex) => (isDark() ? palette.dark[hex] ?? hex : hex)
const variable = (name) => getComputedStyle(root).getPropertyValue(name).trim()

// Replaces every colour of the palette in a figure by the theme's colour.
function themed(value) {
  if (typeof value === "string") return colour(value)
  if (Array.isArray(value)) return value.map(themed)
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, themed(each)]))
  return value
}

function template() {
  const ink = variable("--ink"), muted = variable("--muted"), grid = variable("--grid"), card = variable("--card")
  const axis = {
    gridcolor: grid, linecolor: grid, zerolinecolor: grid, tickcolor: grid, automargin: true,
    tickfont: { color: muted, size: 12 }, title: { font: { color: muted, size: 13 }, standoff: 10 },
  }
  return {
    layout: {
      font: { family: getComputedStyle(document.body).fontFamily, color: ink, size: 12 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      colorway: palette.series.map(colour), xaxis: axis, yaxis: axis,
      legend: { bgcolor: "rgba(0,0,0,0)", font: { color: ink } },
      hoverlabel: { bgcolor: card, bordercolor: grid, font: { color: ink } },
      margin: { l: 20, r: 14, t: 26, b: 20 },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: muted, activecolor: ink },
    },
  }
}

function draw(name) {
  const place = document.getElementById(`plot-${name}`)
  drawn.add(name)
  if (!place) return
  if (!window.Plotly) {
    place.textContent = packed
      ? "The figure cannot be drawn, because this browser cannot unpack its script. A browser of 2023 or later can."
      : "The figure cannot be drawn, because this page was moved without the rest of its results folder."
    return
  }
  const { data, layout } = themed(figures[name])
  const small = innerWidth <= 640 || layout.height < 300
  const config = { displaylogo: false, responsive: true, displayModeBar: !small }
  return Plotly.react(place, data, { ...layout, template: template(), width: undefined, autosize: true }, config)
}

function drawAgain() {
  drawn.forEach(draw)
  for (const each of whenThemed) each()
}

function drawInSight() {
  const sight = new IntersectionObserver((seen) => {
    for (const each of seen) {
      if (!each.isIntersecting) continue
      sight.unobserve(each.target)
      draw(each.target.id.slice("plot-".length))
    }
  }, { rootMargin: "600px" })
  for (const name in figures) {
    const place = document.getElementById(`plot-${name}`)
    if (place) sight.observe(place)
  }
}
plotlyLoaded.then(drawInSight)

document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark"
  try { localStorage.setItem("fxai-theme", root.dataset.theme) } catch { /* a page without storage forgets it */ }
  drawAgain()
})
system.addEventListener("change", drawAgain)

// Copies text. If the browser denies the clipboard, as for some local files, it selects the text instead.
for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code")
    let copied = true
    try {
      await navigator.clipboard.writeText(code.textContent)
    } catch {
      getSelection().selectAllChildren(code)
      copied = document.execCommand("copy")
    }
    button.textContent = copied ? "Copied" : "Selected"
    setTimeout(() => { button.textContent = "Copy" }, 2000)
  })
}

// Before printing, draws all figures in light colours and in the width of the sheet.
function print(begins) {
  if (begins) root.dataset.onScreen = root.dataset.theme ?? ""
  const theme = begins ? "light" : root.dataset.onScreen
  if (theme) root.dataset.theme = theme
  else delete root.dataset.theme
  document.body.classList.toggle("printing", begins)
  if (begins && window.Plotly) for (const name in figures) drawn.add(name)
  drawAgain()
  for (const place of document.querySelectorAll(".js-plotly-plot")) Plotly.Plots.resize(place)
}
addEventListener("beforeprint", () => print(true))
addEventListener("afterprint", () => print(false))
