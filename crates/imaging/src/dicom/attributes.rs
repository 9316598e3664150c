//! What a file says of the series it belongs to.

use super::element::Tag;
use super::groups::Groups;
use super::tree::{DataSet, uid_of};
use crate::Attributes;

const INSTANCE: Tag = (0x0008, 0x0018);
const MODALITY: Tag = (0x0008, 0x0060);
const SERIES_DESCRIPTION: Tag = (0x0008, 0x103e);
const PATIENT_ID: Tag = (0x0010, 0x0020);
const SCANNING_SEQUENCE: Tag = (0x0018, 0x0020);
const PROTOCOL: Tag = (0x0018, 0x1030);
const CONTRAST_AGENT: Tag = (0x0018, 0x0010);
const CONTRAST_AGENTS: Tag = (0x0018, 0x0012);
const BODY_PART: Tag = (0x0018, 0x0015);
const REPETITION_TIME: Tag = (0x0018, 0x0080);
const ECHO_TIME: Tag = (0x0018, 0x0081);
const INVERSION_TIME: Tag = (0x0018, 0x0082);
const INVERSION_TIMES: Tag = (0x0018, 0x9079);
const EFFECTIVE_ECHO_TIME: Tag = (0x0018, 0x9082);
const TIMING: Tag = (0x0018, 0x9112);
const ECHO: Tag = (0x0018, 0x9114);
const MODIFIER: Tag = (0x0018, 0x9115);
const STUDY: Tag = (0x0020, 0x000d);
const SERIES: Tag = (0x0020, 0x000e);
const FRAME_OF_REFERENCE: Tag = (0x0020, 0x0052);

/// Reads a file's attributes; those of its first frame where they are said of frames.
pub(super) fn read(file: &DataSet, groups: &Groups) -> Attributes {
    let uid = |tag| file.bytes(tag).and_then(uid_of);
    let of_first = |sequence| groups.of_frame(0, sequence).ok().flatten();
    let (timing, echo, modifier) = (of_first(TIMING), of_first(ECHO), of_first(MODIFIER));
    let is_filled = |tag| file.bytes(tag).is_some_and(|value| value.iter().any(|byte| !matches!(byte, 0 | b' ')));
    Attributes {
        study: uid(STUDY),
        series: uid(SERIES),
        instance: uid(INSTANCE),
        frame_of_reference: uid(FRAME_OF_REFERENCE),
        patient_id: file.filled(PATIENT_ID),
        modality: file.filled(MODALITY),
        body_part: file.filled(BODY_PART),
        series_description: file.filled(SERIES_DESCRIPTION),
        protocol: file.filled(PROTOCOL),
        scanning_sequence: file.filled(SCANNING_SEQUENCE),
        echo_time: file.decimal(ECHO_TIME).or_else(|| echo?.double(EFFECTIVE_ECHO_TIME)),
        repetition_time: file.decimal(REPETITION_TIME).or_else(|| timing?.decimal(REPETITION_TIME)),
        inversion_time: file.decimal(INVERSION_TIME).or_else(|| modifier?.double(INVERSION_TIMES)),
        contrast_agent: file.filled(CONTRAST_AGENT).or_else(|| is_filled(CONTRAST_AGENTS).then(|| "agent".to_owned())),
    }
}
