//! The guide as one HTML file: no script, no other file, nothing from the network (its own policy forbids it).

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use super::page::Page;

const TEMPLATE: &str = include_str!("../../assets/guide/page.html");
const STYLE: &str = include_str!("../../assets/guide/style.css");

/// All pages as sections, with a list of them.
pub(super) fn document(title: &str, text: impl Fn(Page) -> String) -> String {
    let list: Vec<String> = Page::ALL
        .into_iter()
        .map(|page| format!("<li><a href=\"#{}\">{}</a></li>", page.anchor(), page.title()))
        .collect();
    let sections: Vec<String> = Page::ALL
        .into_iter()
        .map(|page| {
            let body = rendered(&text(page));
            format!("<section id=\"{}\">\n{body}</section>", page.anchor())
        })
        .collect();
    let parts = [
        ("{{title}}", title),
        ("{{style}}", STYLE),
        ("{{list}}", &list.join("\n")),
        // Last: what is in it is not looked at again.
        ("{{sections}}", &sections.join("\n")),
    ];
    let fill = |text: String, (name, value): &(&str, &str)| text.replace(name, value);
    parts.iter().fold(TEMPLATE.to_owned(), fill)
}

fn rendered(markdown: &str) -> String {
    let mut text = String::new();
    html::push_html(&mut text, labelled(markdown).into_iter());
    text
}

/// The page, each cell of a table labelled with its column's head: a narrow screen has the cells one below the other.
fn labelled(markdown: &str) -> Vec<Event<'_>> {
    let mut heads: Vec<String> = Vec::new();
    let mut head: Option<String> = None;
    let mut column = 0;
    let mut events = Vec::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match &event {
            Event::Start(Tag::TableHead) => (heads, head) = (Vec::new(), Some(String::new())),
            Event::End(TagEnd::TableHead) => head = None,
            Event::Start(Tag::TableRow) => column = 0,
            Event::Text(part) => head.iter_mut().for_each(|head| head.push_str(part)),
            _ => {}
        }
        events.push(match (&event, &mut head) {
            (Event::End(TagEnd::TableCell), Some(head)) => {
                heads.push(std::mem::take(head));
                event
            }
            (Event::Start(Tag::TableCell), None) => {
                let label = heads.get(column).map_or("", String::as_str);
                column += 1;
                Event::InlineHtml(format!("<td data-label=\"{label}\">").into())
            }
            (Event::End(TagEnd::TableCell), None) => Event::InlineHtml("</td>".into()),
            _ => event,
        });
    }
    events
}
