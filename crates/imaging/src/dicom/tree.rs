//! The elements of a data set as a tree that borrows its bytes from the file.

use super::element::{Tag, f64_of, u16_of, u32_of};

/// One element that is kept.
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    pub(super) representation: Option<[u8; 2]>,
    pub(super) value: Value<'a>,
}

/// What an element holds.
pub(super) enum Value<'a> {
    /// A value, or a sequence that nothing here reads, in the bytes of the file.
    Bytes(&'a [u8]),
    Items(Vec<DataSet<'a>>),
    /// A sequence whose items can't be told apart, and why.
    Broken(String),
}

/// A file's data set, or an item of a sequence.
pub(super) struct DataSet<'a> {
    /// By their tags; of one tag in the order of the file.
    elements: Vec<Element<'a>>,
    pub(super) big: bool,
    /// Where it begins: an item with its tag, in bytes from the first element of the file.
    pub(super) start: usize,
}

impl<'a> DataSet<'a> {
    /// A data set of elements in the order of the file, which should be that of their tags.
    pub(super) fn new(mut elements: Vec<Element<'a>>, big: bool, start: usize) -> Self {
        elements.sort_by_key(|element| element.tag);
        Self { elements, big, start }
    }

    /// The element of a tag; where a writer repeats it, the last.
    fn element(&self, tag: Tag) -> Option<&Element<'a>> {
        let end = self.elements.partition_point(|element| element.tag <= tag);
        self.elements[..end].last().filter(|element| element.tag == tag)
    }

    pub(super) fn contains(&self, tag: Tag) -> bool {
        self.element(tag).is_some()
    }

    /// The bytes of a value.
    pub(super) fn bytes(&self, tag: Tag) -> Option<&'a [u8]> {
        match self.element(tag)?.value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn representation(&self, tag: Tag) -> Option<[u8; 2]> {
        self.element(tag)?.representation
    }

    /// The items of a sequence; none where it is missing.
    ///
    /// # Errors
    /// In words, when it is there and can't be read.
    pub(super) fn items(&self, tag: Tag) -> Result<&[DataSet<'a>], String> {
        match self.element(tag).map(|element| &element.value) {
            None | Some(Value::Bytes([])) => Ok(&[]),
            Some(Value::Items(items)) => Ok(items),
            Some(Value::Bytes(_)) => Err(broken(tag, "it is no sequence")),
            Some(Value::Broken(reason)) => Err(broken(tag, reason)),
        }
    }

    /// A text without the blanks around it.
    pub(super) fn text(&self, tag: Tag) -> Option<String> {
        let text = String::from_utf8_lossy(self.bytes(tag)?);
        Some(text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\0').to_owned())
    }

    /// A text that is not empty.
    pub(super) fn filled(&self, tag: Tag) -> Option<String> {
        self.text(tag).filter(|text| !text.is_empty())
    }

    /// The numbers of a decimal string, up to the first that is none.
    pub(super) fn decimals(&self, tag: Tag) -> Vec<f64> {
        let text = self.text(tag).unwrap_or_default();
        let number = |text: &str| text.trim().parse().ok().filter(|value: &f64| value.is_finite());
        text.split('\\').map_while(number).collect()
    }

    /// The first of a decimal string's numbers.
    pub(super) fn decimal(&self, tag: Tag) -> Option<f64> {
        self.decimals(tag).first().copied()
    }

    /// A decimal string's numbers, exactly as many as asked for.
    pub(super) fn exactly<const COUNT: usize>(&self, tag: Tag) -> Option<[f64; COUNT]> {
        self.decimals(tag).try_into().ok()
    }

    /// The first of the floating-point numbers of 64 bits.
    pub(super) fn double(&self, tag: Tag) -> Option<f64> {
        let number = f64_of(self.bytes(tag)?.get(..8)?, self.big);
        number.is_finite().then_some(number)
    }

    /// The first of the numbers of 16 bits.
    pub(super) fn number(&self, tag: Tag) -> Option<u32> {
        self.numbers(tag).next().map(u32::from)
    }

    pub(super) fn numbers(&self, tag: Tag) -> impl Iterator<Item = u16> + '_ {
        self.bytes(tag).unwrap_or_default().chunks_exact(2).map(|pair| u16_of(pair, self.big))
    }

    /// The first of the numbers of 32 bits.
    pub(super) fn long(&self, tag: Tag) -> Option<u32> {
        Some(u32_of(self.bytes(tag)?.get(..4)?, self.big))
    }
}

fn broken((group, element): Tag, reason: &str) -> String {
    format!("the sequence ({group:04X},{element:04X}) can't be read: {reason}")
}

/// A UID without the bytes that make its length even; `None` where it is empty.
pub(super) fn uid_of(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    let uid = text.trim_end_matches(['\0', ' ']);
    (!uid.is_empty()).then(|| uid.to_owned())
}
