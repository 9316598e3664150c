//! The decoded slices at hand: as many of the last as fit, so that a folder of thousands does not fill the memory.

use std::collections::VecDeque;
use std::rc::Rc;

use protocol::Picture;

/// A decoded slice.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The row it belongs to.
    pub id: u32,
    /// Its size.
    pub picture: Picture,
    /// `width * height` grey values, row by row.
    pub grey: Rc<Vec<u8>>,
}

/// Decoded slices, the least recently used first.
#[derive(Debug)]
pub struct SliceCache {
    kept: VecDeque<Decoded>,
    capacity: usize,
}

impl SliceCache {
    /// Room for so many bytes of grey values; one slice is kept whatever its size.
    pub fn new(capacity: usize) -> Self {
        Self { kept: VecDeque::new(), capacity }
    }

    /// Keeps a slice, at the cost of those not used for longest.
    pub fn insert(&mut self, decoded: Decoded) {
        self.kept.retain(|other| other.id != decoded.id);
        self.kept.push_back(decoded);
        while self.kept.len() > 1 && self.bytes() > self.capacity {
            self.kept.pop_front();
        }
    }

    /// The slice of a row, if it is still here.
    pub fn get(&mut self, id: u32) -> Option<Decoded> {
        let index = self.kept.iter().position(|decoded| decoded.id == id)?;
        let decoded = self.kept.remove(index)?;
        self.kept.push_back(decoded.clone());
        Some(decoded)
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|decoded| decoded.grey.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(id: u32, bytes: usize) -> Decoded {
        let (width, source_width) = (bytes as u32, bytes as u32);
        let picture = Picture { width, height: 1, source_width, source_height: 1, format: "PNG".into(), slices: 1 };
        Decoded { id, picture, grey: Rc::new(vec![0; bytes]) }
    }

    #[test]
    fn the_slice_not_used_for_longest_makes_room() {
        let mut slice_cache = SliceCache::new(20);
        slice_cache.insert(decoded(0, 10));
        slice_cache.insert(decoded(1, 10));
        assert!(slice_cache.get(0).is_some());
        slice_cache.insert(decoded(2, 10));
        assert!(slice_cache.get(1).is_none());
        assert!(slice_cache.get(0).is_some() && slice_cache.get(2).is_some());
    }

    #[test]
    fn a_slice_larger_than_the_room_is_still_shown() {
        let mut slice_cache = SliceCache::new(20);
        slice_cache.insert(decoded(0, 10));
        slice_cache.insert(decoded(1, 30));
        assert!(slice_cache.get(1).is_some() && slice_cache.get(0).is_none());
    }
}
