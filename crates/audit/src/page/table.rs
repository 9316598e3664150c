//! Tables of a page.

use maud::{Markup, html};

/// A table that scrolls by itself where the page is too narrow; headings that begin with `#` are of numbers.
pub fn table(description: &str, headings: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(description) tabindex="0" {
            table {
                thead {
                    tr {
                        @for heading in headings {
                            @match heading.strip_prefix('#') {
                                Some(number) => th.number scope="col" { (number) },
                                None => th scope="col" { (heading) },
                            }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}
