"""The what-if dashboard: `fairward dashboard [RUNS]`, Panel pages over one shared run service, fully offline.

    levers    what a user may move, read from the scenario and its schema
    question  a reference and an option to compare, and the key of their result
    simulated one run of one side, as a task for a worker process
    service   the pool, single-flight, the cache, progress, cancel, time limits, killed workers
    result    a finished question: the answer, its charts and tables, under one key
    first     the result that is shipped, so that the first page needs no simulation
    desk      the view model that all pages share: choices, levers, run, cancel, the result shown
    followed  one run of one side patient by patient, for Flow: paths, hours, the event log; its words and charts
    pages     the register of pages
    asked_page what pages share that have a worker answer a question about one side
    shell     navigation, sidebar, URL, theme
    serving   ports, authentication, origins, the health endpoint

**Add a page.** One file `page_<name>.py` and one line in `pages.PAGES`. The file holds

- `Model(session)`: a `param.Parameterized` with all state and every transition, importing param but never panel, so
  that it is tested without a browser;
- `class View`: made as `View(model)`; panel is imported inside its methods. `layout()` returns what is shown, made
  once. `async show(result)` fills it when the page is open and `session.desk.result` is not the one it shows.

`session` (`dashboards.app.session.Session`) has `desk`, `service` and `shelf`. What takes longer than 50 ms goes to the
pool: `await session.service.compute(key, function, *arguments)` (picklable; single-flight and cached by `key`; raises
`FairwardError` with words for people when it fails). Per-run tables of the result shown: `result.sides[label].table(n,
"visits")`, any of `sim.tables.Tables`. Charts: `charts.dot_chart`, cards: `look.card`, which stamps the result's key on
what it shows; a test holds every card on a page to one key.
"""
