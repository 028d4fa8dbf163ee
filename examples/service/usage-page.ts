/** The page at `/`: what the tenants use of their plans, once a second. Its style and script bear the answer's nonce. */
export const usagePage = (nonce: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tenants' usage</title>
<style nonce="${nonce}">
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark; }
  h2 { margin: 2rem 0 0; font-size: 1.1rem; }
  small { opacity: .65; font-weight: normal; }
  table { width: 100%; border-collapse: collapse; }
  td { padding: .2rem 0; }
  td:nth-child(2) { width: 50%; padding: 0 1rem; }
  td:nth-child(3) { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  progress { width: 100%; }
</style>
<h1>Tenants' usage</h1>
<main id="tenants">…</main>
<script type="module" nonce="${nonce}">
  const number = new Intl.NumberFormat("en");
  const text = (tag, content) => Object.assign(document.createElement(tag), { textContent: content });
  const row = (name, used, limit) => {
    const bar = Object.assign(document.createElement("progress"), { max: limit ?? 1, value: limit === undefined ? 0 : used });
    const cell = document.createElement("td");
    cell.append(bar);
    const line = document.createElement("tr");
    line.append(text("td", name), cell, text("td", number.format(used) + (limit === undefined ? "" : " of " + number.format(limit))));
    return line;
  };
  const section = ({ name, plan, resources, rates }) => {
    const title = text("h2", name + " ");
    title.append(text("small", plan ?? "no plan"));
    const table = document.createElement("table");
    for (const { resource, used, limit } of resources) table.append(row(resource, used, limit));
    for (const [rate, { limit, remaining }] of Object.entries(rates)) table.append(row(rate + " (burst)", limit - remaining, limit));
    return [title, table];
  };
  async function refresh() {
    try {
      const tenants = await (await fetch("/usage")).json();
      document.querySelector("#tenants").replaceChildren(...tenants.flatMap(section));
    } catch {
      // The service is stopped, or about to start again.
    }
    setTimeout(refresh, 1000);
  }
  refresh();
</script>
</html>
`;
