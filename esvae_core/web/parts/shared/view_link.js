/** A link to another view of the app, with what is on the screen. */

import { h } from "../../dom.js";

/**
 * Where the views are pages of their own, a link to one of them. Pressed, the app's own navigation takes it where it
 * can be found, which keeps the steps that can be undone; else the browser opens its address.
 * @param {Session} session
 * @param {string} view path of its page; "" is the first one
 * @param {string} text
 * @returns {HTMLAnchorElement|null} null in a page that holds one view only
 */
export function viewLink(session, view, text) {
  if (!session.backend.addressable) return null;
  const address = () => {
    const url = new URL(session.link);
    url.pathname = new URL(`./${view}`, location.href).pathname;
    return url;
  };
  const link = h("a", { class: "button", href: address().href }, text);
  link.onfocus = link.onpointerenter = () => (link.href = address().href); // what is on the screen changes meanwhile
  link.onclick = (event) => {
    link.href = address().href;
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { pathname } = address();
    const own = [...document.querySelectorAll("a[href]")].find(
      (each) => each instanceof HTMLAnchorElement && each !== link && each.pathname === pathname,
    );
    if (!(own instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    own.click();
  };
  return link;
}
