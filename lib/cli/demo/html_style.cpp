#include "cli/demo/html_report.hpp"

namespace acre_demo {

std::string_view html_style() noexcept {
  return R"css(
:root { color-scheme: light dark; --page: #f5f6f8; --card: #fff; --ink: #1b1f27; --soft: #566072; --line: #dde1e8;
  --track: #edf0f4; --index: #2563b8; --numbers: #d98a1f; --good: #17703c; --good-back: #e0f4e7; --bad: #a92b20;
  --bad-back: #fde7e4; --off-back: #eceff3; }
@media (prefers-color-scheme: dark) {
  :root { --page: #12151a; --card: #1b1f27; --ink: #e6e9ef; --soft: #9aa5b6; --line: #303744; --track: #272d38;
    --index: #6ea8f5; --numbers: #eeb357; --good: #7ed8a0; --good-back: #17372a; --bad: #ff9d92;
    --bad-back: #43211e; --off-back: #2a303b; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 80rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; margin: 2.2rem 0 .8rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
p { margin: .3rem 0; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.note { border-left: 4px solid var(--index); background: var(--card); padding: .7rem 1rem; margin-top: 1rem; }
.facts { display: flex; flex-wrap: wrap; gap: .8rem; padding: 0; margin: 1.2rem 0 0; list-style: none; }
.facts li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .5rem 1rem; }
.facts b { display: block; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
.key { display: inline-block; width: .85em; height: .85em; border-radius: .2em; vertical-align: -.08em; }
.key.index { background: var(--index); } .key.numbers { background: var(--numbers); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 34rem), 1fr)); gap: 1rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: 1rem 1.1rem; min-width: 0; }
.head { display: flex; justify-content: space-between; align-items: start; gap: .8rem; }
.chip { flex: none; font-size: .8rem; font-weight: 600; border-radius: 1rem; padding: .1rem .7rem; }
.chip.good { color: var(--good); background: var(--good-back); } .chip.bad { color: var(--bad); background: var(--bad-back); }
.chip.off { color: var(--soft); background: var(--off-back); }
.rows { display: grid; grid-template-columns: auto minmax(3rem, 1fr) auto auto auto; gap: .25rem .7rem; margin: .8rem 0;
  align-items: center; font-size: .85rem; font-variant-numeric: tabular-nums; }
.rows > span { white-space: nowrap; } .rows > .n { text-align: right; }
svg.bar { display: block; width: 100%; height: .95rem; border-radius: .25rem; background: var(--track); }
svg .index { fill: var(--index); } svg .numbers { fill: var(--numbers); }
.times { grid-template-columns: minmax(6rem, auto) repeat(2, minmax(3rem, 1fr) auto); }
.times > .name { white-space: normal; overflow-wrap: anywhere; font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .8rem; margin-bottom: 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
table.wide { width: 100%; }
caption { text-align: left; padding: .7rem 1rem .2rem; font-weight: 600; white-space: nowrap; }
th, td { padding: .35rem 1rem; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 600; } .left { text-align: left; }
td.cpus { white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
footer { margin-top: 2rem; font-size: .9rem; }
@media (max-width: 40rem) {
  main { padding: 1.2rem .8rem 2rem; } .head { flex-wrap: wrap; }
  .rows .size { display: none; } .rows { grid-template-columns: auto minmax(2rem, 1fr) auto auto; gap: .25rem .5rem; }
  .times { grid-template-columns: minmax(2rem, 1fr) auto minmax(2rem, 1fr) auto; } .times > .name { grid-column: 1 / -1; }
}
)css";
}

}  // namespace acre_demo
