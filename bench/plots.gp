# One chart: panels of horizontal bars, an allocator in each line, its figure at the right. bench/plot.py calls this with
#   out, title, unit        the SVG file, its title, what the axes show
#   panels, lines           how many panels, and lines in each
#   limit                   where axes end; longer bars are cut there
#   data(i), heading(i)     the file of panel i and its title
# A line of a data file: figure, its spread's ends, the bar's end, colour, figure as text, allocator (blank but
# in the first panel).
width = 250 * panels + 280
height = 22 * lines + 110
set terminal svg noenhanced size width, height dynamic background rgb "#ffffff" font "DejaVu Sans,12"
set output out
set multiplot title title font "DejaVu Sans Bold,14"

set border 2 linecolor rgb "#888888"
set tics nomirror out scale 0.4 textcolor rgb "#333333"
set grid xtics linecolor rgb "#e4e4e4" linetype 1
set yrange [lines - 0.4 : -0.6]
set xrange [0 : limit * 1.22]
set xtics limit / 4
set tmargin at screen 1 - 62.0 / height
set bmargin at screen 54.0 / height
unset key

do for [i = 1 : panels] {
  set lmargin at screen (270.0 + 250 * (i - 1)) / width
  set rmargin at screen (270.0 + 250 * i - 24) / width
  set title heading(i) font "DejaVu Sans,12" offset 0, -0.4
  set xlabel unit textcolor rgb "#333333" offset 0, 0.4
  if (limit <= 2) {
    set arrow 1 from 1, graph 0 to 1, graph 1 nohead linecolor rgb "#555555" dashtype 2 front
  }
  plot data(i) using (0):0:(0):4:($0 - 0.36):($0 + 0.36):5:ytic(7) with boxxyerror \
         fillstyle solid 1 linecolor rgb variable, \
       "" using 1:($1 < limit && $3 > $2 ? $0 : NaN):2:3 with xerrorbars pointtype 0 linecolor rgb "#222222", \
       "" using (limit * 1.21):0:6 with labels right font "DejaVu Sans,10"
}
unset multiplot
