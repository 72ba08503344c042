# One chart: panels of curves, a line for each allocator. bench/plot.py calls this with
#   out, title, axis        the SVG file, its title, what is counted along the axis
#   panels, lines           how many panels, and curves in each
#   heading(i), data(i, j)  the title of panel i, and the file of its curve j: "COUNT FIGURE" in each line
#   names, colours          of the curves
# Both axes are logarithmic: work that grows as threads do is a straight line.
width = 320 * panels + 250
height = 380
set terminal svg noenhanced size width, height dynamic background rgb "#ffffff" font "DejaVu Sans,12"
set output out
set multiplot title title font "DejaVu Sans Bold,14"

set border 3 linecolor rgb "#888888"
set tics nomirror out scale 0.4 textcolor rgb "#333333"
set grid linecolor rgb "#e4e4e4" linetype 1
set logscale xy 2
set xtics 2
set offsets graph 0.05, graph 0.05, graph 0.1, graph 0.1
set xlabel axis textcolor rgb "#333333"
set tmargin at screen 1 - 62.0 / height
set bmargin at screen 58.0 / height
unset key

do for [i = 1 : panels] {
  set lmargin at screen (90.0 + 320 * (i - 1)) / width
  set rmargin at screen (320.0 * i + 30) / width
  set title heading(i) font "DejaVu Sans,12" offset 0, -0.4
  set ylabel i == 1 ? "million operations a second" : "" textcolor rgb "#333333"
  if (i == panels) {
    set key at screen 1 - 8.0 / width, screen 1 - 70.0 / height right top Left reverse samplen 2 spacing 1.3
  }
  plot for [j = 1 : lines] data(i, j) using 1:2 with linespoints pointtype 7 pointsize 0.5 linewidth 2 \
    linecolor rgb colours[j] title names[j]
}
unset multiplot
