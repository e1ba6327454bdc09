// What stands above a list was drawn before the list was searched, sorted or paged in place: its links and its
// filters are brought to the address as it is now. Links name what they switch: data-here="facets=1".

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-here]");
  if (!link) return;
  const here = new URL(location.href);
  const [name, value] = link.dataset.here.split("=");
  if (here.searchParams.has(name)) here.searchParams.delete(name);
  else here.searchParams.set(name, value);
  here.searchParams.delete("page");
  link.href = here.pathname + here.search;
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-list-filters]")) return;
  const here = new URL(location.href).searchParams;
  for (const name of ["q", "sort"]) {
    event.target.querySelector(`input[type=hidden][name=${name}]`)?.remove();
    if (!here.get(name)) continue;
    const kept = document.createElement("input");
    Object.assign(kept, { type: "hidden", name, value: here.get(name) });
    event.target.append(kept);
  }
});
