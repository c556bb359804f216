"""What a visitor of the dashboard does and sees, in words that tests use."""

import re

from scenarios.loader import dump_yaml, load_text
from tests.dashboards.answers import WINTER

PATIENCE = 90_000
HARMLESS = re.compile(
    r"TypeError: Cannot read properties of undefined \(reading 'top_panel'\)\n\s+at \w+\._measure_layout "
)
"""Of a Bokeh chart whose theme is set before it is laid out; it is drawn all the same (panel-material-ui issue 548)."""
PHONE = {
    "viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36",
}  # fmt: skip
EVERYTHING = """(wanted) => {
  const found = [];
  const look = root => root.querySelectorAll('*').forEach(e => {
    if (e.matches(wanted)) found.push(e);
    if (e.shadowRoot) look(e.shadowRoot);
  });
  look(document);
  return found;
}"""
"""Elements of the page, those in shadow trees too."""
KEYS = f"() => [...new Set(({EVERYTHING})('[data-result]').map(e => e.dataset.result))]"
CHARTS = """() => Bokeh.documents.flatMap(d => [...d._all_models.values()])
  .filter(m => m.type === 'Figure' && m.name).map(m => m.name)"""
DRAWN = """() => Bokeh.documents.flatMap(d => [...d._all_models.values()]).filter(m => m.type === 'Figure')
  .map(m => Bokeh.index.find_one_by_id(m.id)).filter(v => v && v.el.isConnected && v.el.offsetHeight > 50).length"""
DARKENED = f"""() => !({EVERYTHING})('.mui-light').length && !({EVERYTHING})('label, h1, h2, p, [role=tab]').some(
  e => ['rgb(23, 25, 28)', 'rgb(86, 91, 98)', 'rgb(0, 89, 140)'].includes(getComputedStyle(e).color))"""
MOVING = f"""() => ({EVERYTHING})('*').filter(e => {{
  const style = getComputedStyle(e);
  const longest = text => Math.max(...text.split(',').map(parseFloat));
  return longest(style.transitionDuration) > 0.01
    || (style.animationName !== 'none' && longest(style.animationDuration) > 0.01);
}}).map(e => e.tagName + '.' + e.getAttribute('class'))"""


PLACE = """(label) => {
  const dots = Bokeh.documents.flatMap(d => [...d._all_models.values()])
    .filter(m => m.type === 'Figure').flatMap(figure => figure.renderers.map(r => [figure, r.data_source?.data]))
    .find(([figure, data]) => data && data.label && [...data.label].includes(label));
  const [figure, data] = dots, k = [...data.label].indexOf(label);
  const view = Bokeh.index.find_one_by_id(figure.id);
  view.el.scrollIntoView({block: 'center', behavior: 'instant'});
  const box = view.el.getBoundingClientRect();
  return {x: box.left + view.frame.x_scale.compute(data.x[k]), y: box.top + view.frame.y_scale.compute(data.y[k])};
}"""


class Visitor:
    """One browser window on the dashboard."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self.outside = []
        """Requests to anybody else."""
        self.complaints = []
        """What the console said in red."""
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", self._failed)

    def open(self, query="", wait=True):
        """Go to an address of the dashboard, and wait until the page has something to say."""
        self.page.goto(f"{self.url}/{query}", wait_until="commit")
        if wait:
            self.page.locator("[data-result], h1.page, h1.lead").first.wait_for()

    def press(self, name):
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def told(self, text):
        """Wait until the page says something."""
        self.page.get_by_text(text).first.wait_for()

    def keys(self):
        """The keys of the results that the page shows; one, unless something is wrong."""
        return self.page.evaluate(KEYS)

    def charts(self):
        """The keys that the Bokeh charts of the page carry."""
        return self.page.evaluate(CHARTS)

    def drawn(self, n_charts):
        """Wait until so many Bokeh charts can be seen, no matter how far below."""
        self.page.wait_for_function(f"n => ({DRAWN})() >= n", arg=n_charts)
        return self.page.evaluate(DRAWN)

    def headings(self):
        """The headings of the page, once they have been the same for a second."""
        found = self.page.locator("h1, h2")
        before, now = None, found.all_inner_texts()
        while now != before:
            self.page.wait_for_timeout(1000)
            before, now = now, found.all_inner_texts()
        return now

    def until_only_one_key_but(self, before):
        """Wait until no chart and no card is of an earlier result."""
        script = f"""(old) => {{
          const found = new Set([...({KEYS})(), ...({CHARTS})()]);
          return found.size === 1 && !found.has(old);
        }}"""
        self.page.wait_for_function(script, arg=before[0])

    def darken(self):
        """Have a system that turns dark, and wait until everything has followed: no text in the ink of the light."""
        self.page.emulate_media(color_scheme="dark")
        self.page.wait_for_function(DARKENED, polling=500)

    def tap(self, label):
        """Tap the dot of this label, wherever a chart has drawn it."""
        place = self.page.evaluate(PLACE, label)
        self.page.mouse.click(place["x"], place["y"])

    def slider(self, name):
        """A lever."""
        return self.page.get_by_role("slider", name=name)

    def choose(self, label, option):
        """Choose from a list."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("listbox").get_by_text(option, exact=True).click()

    def upload(self, text, name="winter.yaml"):
        """Upload a scenario."""
        content = text if isinstance(text, bytes) else text.encode()
        self.page.locator("input[type=file]").first.set_input_files(
            {"name": name, "mimeType": "text/yaml", "buffer": content}
        )

    def brings(self, asked):
        """Upload a scenario whose runs take moments, and wait until it is chosen.

        `asked`: its question, another in each test, as what was run before is shown at once. Fields that are offered
        anew close a list that is open.
        """
        self.upload(dump_yaml(load_text(WINTER, ("horizon=5 days", "warm_up=1 day", f"question={asked}"))))
        self.told("The choices have changed")

    def takes(self, name):
        """Press a button that gives a file, and return its name and its content."""
        with self.page.expect_download() as coming:
            self.press(name)
        return coming.value.suggested_filename, coming.value.path().read_bytes()

    def _asked(self, request):
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.outside.append(request.url)

    def _failed(self, error):
        self._complained(error.stack or error.message)

    def _said(self, message):
        if message.type == "error":
            self._complained(message.text)

    def _complained(self, text):
        if not HARMLESS.match(text):
            self.complaints.append(text[:900])
