export default function ({ data }) {
  const address = new URL(window.location.href);
  for (const [name, value] of Object.entries(data.values)) {
    if (value === null) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  if (data.values.lang) document.documentElement.lang = data.values.lang === "zh" ? "zh-CN" : data.values.lang;
  if (address.href !== window.location.href) {
    window.history.replaceState(window.history.state, "", address);
  }
}
