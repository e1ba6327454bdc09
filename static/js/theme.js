// Runs in <head>, before the first paint: theme and sidebar width without a flash. The rest waits for clicks.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const remembered = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };

  const remember = (name, value) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      // Storage is refused in some private windows; the choice then lasts for this page.
    }
    // Not Secure: the plain port and the one with TLS share it, and it is worth nothing to anybody.
    document.cookie = `thinx_${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax`;
  };

  const apply = (theme) => {
    root.dataset.theme = theme;
    root.dataset.bsTheme = theme === "dark" || (theme === "auto" && dark.matches) ? "dark" : "light";
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === theme));
    }
  };

  apply(remembered() || root.dataset.theme || "auto");
  try {
    root.dataset.sidebar = localStorage.getItem("sidebar") || "wide";
  } catch {
    root.dataset.sidebar = "wide";
  }
  dark.addEventListener("change", () => apply(root.dataset.theme));
  document.addEventListener("DOMContentLoaded", () => apply(root.dataset.theme));

  document.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-theme-set]");
    if (choice) {
      apply(choice.dataset.themeSet);
      remember("theme", choice.dataset.themeSet);
      choice.closest("[popover]")?.hidePopover();
    }
    if (event.target.closest("[data-sidebar-toggle]")) {
      root.dataset.sidebar = root.dataset.sidebar === "narrow" ? "wide" : "narrow";
      remember("sidebar", root.dataset.sidebar);
    }
  });
})();
