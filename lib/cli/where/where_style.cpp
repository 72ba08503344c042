#include "cli/where/where_views.hpp"

namespace acre_cli {

std::string_view where_style() noexcept {
  return R"css(
:root { color-scheme: light dark; --page: #f5f6f8; --card: #fff; --ink: #1b1f27; --soft: #566072; --line: #dde1e8;
  --track: #edf0f4; --heat: #2563b8; }
@media (prefers-color-scheme: dark) {
  :root { --page: #12151a; --card: #1b1f27; --ink: #e6e9ef; --soft: #9aa5b6; --line: #303744; --track: #272d38;
    --heat: #6ea8f5; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 80rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; margin: 2.2rem 0 .8rem; }
p { margin: .3rem 0; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.name { overflow-wrap: anywhere; font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
.note { border-left: 4px solid var(--heat); background: var(--card); padding: .7rem 1rem; margin-top: 1rem; }
.facts { display: flex; flex-wrap: wrap; gap: .8rem; padding: 0; margin: 1.2rem 0 0; list-style: none; }
.facts li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .5rem 1rem;
  min-width: 0; }
.facts b { display: block; font-size: 1.2rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1rem 1.1rem; }
.rows { display: grid; grid-template-columns: auto minmax(3rem, 1fr) auto auto auto; gap: .25rem .7rem; margin: .8rem 0 0;
  align-items: center; font-size: .85rem; font-variant-numeric: tabular-nums; }
.rows > span { white-space: nowrap; } .n { text-align: right; }
svg.bar { display: block; width: 100%; height: .95rem; border-radius: .25rem; background: var(--track); }
.heat { fill: var(--heat); } .gap { stroke: var(--card); stroke-width: 2; vector-effect: non-scaling-stroke; }
svg.swatch { width: 1em; height: 1em; vertical-align: -.15em; border-radius: .2em; background: var(--track); }
.legend { font-size: .85rem; margin: 0 0 .8rem; } .legend .step { margin-left: .8em; } .step { white-space: nowrap; }
table { width: 100%; table-layout: fixed; border-collapse: separate; border-spacing: 0; background: var(--card);
  border: 1px solid var(--line); border-radius: .8rem; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .8rem; font-weight: 400; text-align: right; border-top: 1px solid var(--line); }
thead th { position: sticky; top: 0; border-top: 0; background: var(--card); color: var(--soft); font-weight: 600;
  border-bottom: 1px solid var(--line); border-radius: .8rem .8rem 0 0; vertical-align: bottom; }
tbody tr:first-child > * { border-top: 0; }
.left { text-align: left; } th.heads, td:nth-child(2) { width: 44%; } td.n, thead th:last-child { width: 7.5rem; }
.detail, td.n .soft { display: block; font-size: .78rem; overflow-wrap: anywhere; }
svg.cells { display: block; width: 100%; height: 1.9rem; border-radius: .25rem; background: var(--track); }
.numbers { display: flex; } .numbers > span { flex: 1 1 0; min-width: 0; text-align: center; font-size: .75rem; }
.many > span { font-size: .62rem; font-weight: 400; }
.upright > span { writing-mode: vertical-rl; display: flex; align-items: center; justify-content: flex-end; line-height: 1; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
footer { margin-top: 2rem; font-size: .9rem; }
@media (max-width: 48rem) {
  main { padding: 1.2rem .8rem 2rem; } th, td { padding: .35rem .5rem; }
  td.n, thead th:last-child { width: 5.6rem; }
  .rows .size { display: none; } .rows { grid-template-columns: auto minmax(2rem, 1fr) auto auto; gap: .25rem .5rem; }
}
@media print { thead th { position: static; } }
)css";
}

}  // namespace acre_cli
