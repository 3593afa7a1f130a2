/// The style of a report's page: light and dark as the reader's system is, one column on a telephone, ink on paper.
enum ReportStyle {
  static let text = """
    :root { color-scheme: light dark; --page: #fff; --text: #1c1c1c; --soft: #595959; --rule: #d9d9d9; --panel: #f5f5f2;
      --blue: #0072b2; --orange: #d55e00; --green: #00805c; --purple: #b0528b; --amber: #a87400; --sky: #2f8fc4;
      --grey: #777 }
    @media screen and (prefers-color-scheme: dark) {
      :root { --page: #15171a; --text: #e8e8e6; --soft: #a9adb3; --rule: #3a3e44; --panel: #1f2226;
        --blue: #5db4ec; --orange: #ff9350; --green: #35c796; --purple: #e598c4; --amber: #e8b34a; --sky: #8fd0f5;
        --grey: #9aa0a6 }
    }
    * { box-sizing: border-box }
    body { margin: 0 auto; max-width: 76rem; padding: 1.25rem; background: var(--page); color: var(--text);
      font: 1rem/1.5 system-ui, sans-serif }
    h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere }
    h2 { font-size: 1.2rem; margin: 2.25rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--rule) }
    h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere }
    p { margin: .5rem 0; max-width: 60rem }
    .missing, .soft { color: var(--soft) }
    .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 1.5rem }
    .figures + .figures { margin-top: 1.5rem }
    figure { margin: 0; max-width: 40rem; min-width: 0 }
    figcaption { margin-bottom: .25rem; font-weight: 600; overflow-wrap: anywhere }
    .keys { display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: 0 0 .35rem; font-size: .875rem }
    .keys span { display: inline-flex; align-items: center; gap: .4rem; overflow-wrap: anywhere; min-width: 0 }
    .keys i { flex: none; width: .9rem; height: .65rem; background: var(--ink) }
    .keys i.dashed { height: 0; background: none; border-top: 3px dashed var(--ink) }
    .keys b { flex: none; color: var(--ink); font-weight: 400 }
    audio { display: block; width: 15rem; height: 2.25rem; margin-top: .25rem }
    svg { display: block; width: 100%; height: auto }
    svg + svg { margin-top: .15rem }
    .blue { --ink: var(--blue) } .orange { --ink: var(--orange) } .green { --ink: var(--green) }
    .purple { --ink: var(--purple) } .amber { --ink: var(--amber) } .sky { --ink: var(--sky) }
    .grey { --ink: var(--grey) }
    .line { fill: none; stroke: var(--ink); stroke-linejoin: round } .area { fill: var(--ink) }
    .rule { stroke: var(--rule) } .text { fill: var(--text) }
    .wide { overflow-x: auto }
    table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums }
    th, td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule);
      overflow-wrap: anywhere; min-width: 6.5rem }
    th { font-weight: 600; overflow-wrap: normal }
    pre { overflow-x: auto; padding: .75rem; background: var(--panel); font-size: .8rem; line-height: 1.4 }
    summary { cursor: pointer }
    @page { margin: 15mm }
    @media print {
      body { max-width: none; padding: 0; font-size: .85rem }
      figure, tr { break-inside: avoid } h2, h3 { break-after: avoid } audio { display: none }
      .figures { grid-template-columns: 1fr 1fr }
      * { print-color-adjust: exact }
    }

    """
}
