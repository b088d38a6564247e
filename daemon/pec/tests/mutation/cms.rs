//! Changes when signatures are forged in another way: as trees of ASN.1, so that lengths stay right where they should.

use super::parts::Multi;
use super::{Draft, Rng, base64, find, from_base64};

/// An element, or the end of what can be read as elements.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Constructed { tag: u8, indefinite: bool, children: Vec<Node> },
    Primitive { tag: u8, content: Vec<u8> },
    Junk(Vec<u8>),
}

/// Deepest level that is taken apart.
const DEEP: usize = 16;

fn read(mut bytes: &[u8], depth: usize) -> Vec<Node> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        match one(bytes, depth) {
            Some((node, taken)) => {
                out.push(node);
                bytes = &bytes[taken..];
            }
            None => {
                out.push(Node::Junk(bytes.to_vec()));
                break;
            }
        }
    }
    out
}

fn one(bytes: &[u8], depth: usize) -> Option<(Node, usize)> {
    let (tag, first) = (*bytes.first()?, *bytes.get(1)?);
    let constructed = tag & 0x20 != 0 && depth < DEEP;
    if first == 0x80 {
        let (mut at, mut children) = (2, Vec::new());
        while bytes.get(at..at + 2)? != [0, 0] {
            let (node, taken) = one(&bytes[at..], depth + 1)?;
            children.push(node);
            at += taken;
        }
        return Some((Node::Constructed { tag, indefinite: true, children }, at + 2));
    }
    let (length, header) = if first < 0x80 {
        (usize::from(first), 2)
    } else {
        let count = usize::from(first & 0x7f);
        let digits = bytes.get(2..2 + count).filter(|digits| digits.len() <= 4)?;
        (digits.iter().fold(0, |sum: usize, digit| sum << 8 | usize::from(*digit)), 2 + count)
    };
    let content = bytes.get(header..header.checked_add(length)?)?;
    let node = if constructed {
        Node::Constructed { tag, indefinite: false, children: read(content, depth + 1) }
    } else {
        Node::Primitive { tag, content: content.to_vec() }
    };
    Some((node, header + length))
}

fn write(nodes: &[Node], out: &mut Vec<u8>) {
    for node in nodes {
        match node {
            Node::Junk(bytes) => out.extend_from_slice(bytes),
            Node::Primitive { tag, content } => element(*tag, content, out),
            Node::Constructed { tag, indefinite, children } => {
                let mut content = Vec::new();
                write(children, &mut content);
                if *indefinite {
                    out.extend_from_slice(&[*tag, 0x80]);
                    out.extend_from_slice(&content);
                    out.extend_from_slice(&[0, 0]);
                } else {
                    element(*tag, &content, out);
                }
            }
        }
    }
}

fn element(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    match content.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long => {
            let digits: Vec<u8> = long.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
            out.push(0x80 | digits.len() as u8);
            out.extend_from_slice(&digits);
        }
    }
    out.extend_from_slice(content);
}

/// The node at that place in the order of reading.
fn nth<'n>(nodes: &'n mut [Node], count: &mut usize) -> Option<&'n mut Node> {
    for node in nodes {
        if *count == 0 {
            return Some(node);
        }
        *count -= 1;
        if let Node::Constructed { children, .. } = node
            && let found @ Some(_) = nth(children, count)
        {
            return found;
        }
    }
    None
}

fn size(nodes: &[Node]) -> usize {
    nodes.iter().map(|node| 1 + if let Node::Constructed { children, .. } = node { size(children) } else { 0 }).sum()
}

/// The decoded signature of a message.
fn signature(raw: &[u8]) -> Option<Vec<u8>> {
    let multi = Multi::read(raw)?;
    let part = multi.pieces.get(2)?;
    let blank = find(part, b"\r\n\r\n").map(|at| at + 4).or_else(|| find(part, b"\n\n").map(|at| at + 2))?;
    Some(from_base64(&part[blank..])).filter(|der| !der.is_empty())
}

/// The message with another signature.
fn put(raw: &[u8], der: &[u8]) -> Vec<u8> {
    let Some(mut multi) = Multi::read(raw) else {
        return raw.to_vec();
    };
    if let Some(part) = multi.pieces.get_mut(2) {
        let blank = find(part, b"\r\n\r\n").map(|at| at + 4).or_else(|| find(part, b"\n\n").map(|at| at + 2));
        part.truncate(blank.unwrap_or(part.len()));
        part.extend_from_slice(base64(der).as_bytes());
        part.pop(); // the line feed belongs to the delimiter that follows
    }
    multi.join()
}

/// One element of the signature changed.
pub fn tree(draft: &mut Draft<'_>) -> String {
    let Some(der) = signature(&draft.raw) else {
        return "no signature".into();
    };
    let mut nodes = read(&der, 0);
    // The signer infos are at the end, the certificates fill the middle: half of the time aim behind them.
    let all = size(&nodes);
    let mut at = if draft.rng.below(2) == 0 { draft.rng.below(all) } else { all - 1 - draft.rng.below(all.min(45)) };
    let place = at;
    let said = match nth(&mut nodes, &mut at) {
        Some(node) => format!("element {place} of {all}: {}", changed(node, &mut draft.rng)),
        None => "nothing".into(),
    };
    let mut out = Vec::new();
    write(&nodes, &mut out);
    draft.raw = put(&draft.raw, &out);
    said
}

/// OIDs that change the meaning of where they stand.
const OIDS: &[&[u8]] = &[
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01], // data
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02], // signedData
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03], // contentType
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04], // messageDigest
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05], // signingTime
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05],       // MD5
    &[0x2b, 0x0e, 0x03, 0x02, 0x1a],                         // SHA-1
    &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01], // SHA-256
    &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03], // SHA-512
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01], // rsaEncryption
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], // sha256WithRSAEncryption
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a], // RSASSA-PSS
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],       // ecdsa-with-SHA256
    &[0x2a],
    &[],
];

fn changed(node: &mut Node, rng: &mut Rng) -> String {
    match node {
        Node::Constructed { tag, indefinite, children } => {
            let (first, second) = (rng.below(children.len()), rng.below(children.len()));
            match rng.below(10) {
                0 => {
                    *indefinite = !*indefinite;
                    "the other form of length".into()
                }
                1 | 2 if !children.is_empty() => {
                    children.remove(first);
                    format!("child {first} removed")
                }
                3 | 4 if !children.is_empty() => {
                    let copy = children[first].clone();
                    children.insert(second, copy);
                    format!("child {first} doubled")
                }
                5 | 6 if !children.is_empty() => {
                    children.swap(first, second);
                    format!("children {first} and {second} swapped")
                }
                7 => {
                    let new = rng.pick(&[0x30, 0x31, 0xa0, 0xa1, 0x24, 0x04]);
                    let old = std::mem::replace(tag, new);
                    format!("tag {old:#04x} made {new:#04x}")
                }
                8 => {
                    children.push(Node::Junk(
                        rng.pick::<&[u8]>(&[&[5, 0], &[0x30, 0], &[0, 0], &[4, 1, 0], &[0xff]]).to_vec(),
                    ));
                    "one more child".into()
                }
                _ => {
                    children.clear();
                    "emptied".into()
                }
            }
        }
        Node::Primitive { tag: 0x06, content } => {
            *content = rng.pick(OIDS).to_vec();
            format!("OID made {content:02x?}")
        }
        Node::Primitive { tag, content } => match rng.below(7) {
            0..=2 if !content.is_empty() => {
                let (at, bit) = (rng.below(content.len()), rng.below(8));
                content[at] ^= 1 << bit;
                format!("bit {bit} of octet {at} of tag {tag:#04x} flipped")
            }
            3 if *tag == 0x04 => {
                let half = content.len() / 2;
                let piece = |content: &[u8]| Node::Primitive { tag: 0x04, content: content.to_vec() };
                let children = vec![piece(&content[..half]), piece(&content[half..])];
                *node = Node::Constructed { tag: 0x24, indefinite: true, children };
                "octets in two pieces".into()
            }
            4 => {
                content.insert(0, 0);
                format!("a zero before the content of tag {tag:#04x}")
            }
            5 => {
                content.clear();
                format!("tag {tag:#04x} emptied")
            }
            _ => {
                let new = rng.pick(&[0x02, 0x04, 0x05, 0x0c, 0x13, 0x17, 0x18, 0x80]);
                let old = std::mem::replace(tag, new);
                format!("tag {old:#04x} made {new:#04x}")
            }
        },
        Node::Junk(bytes) => {
            bytes.push(0);
            "one more octet of junk".into()
        }
    }
}

/// The encoded signature damaged without regard to its structure.
pub fn bytes(draft: &mut Draft<'_>) -> String {
    let Some(mut der) = signature(&draft.raw) else {
        return "no signature".into();
    };
    let rng = &mut draft.rng;
    let range = rng.range(der.len(), 16);
    let said = match rng.below(4) {
        0 => {
            der[range.start] ^= 1 << rng.below(8);
            "one bit flipped"
        }
        1 => {
            der.drain(range.clone());
            "octets deleted"
        }
        2 => {
            let piece = der[range.clone()].to_vec();
            der.splice(range.start..range.start, piece);
            "octets doubled"
        }
        _ => {
            der.extend_from_slice(&[0; 8]);
            "zeros after its end"
        }
    };
    draft.raw = put(&draft.raw, &der);
    format!("{said} at {}", range.start)
}

/// A subtree of another message's signature in the place of the same one: certificates, attributes, signer infos.
pub fn transplant(draft: &mut Draft<'_>) -> String {
    let donor = draft.donor();
    let (Some(own), Some(other)) = (signature(&draft.raw), signature(&donor.raw)) else {
        return "no signature".into();
    };
    let (mut own, mut other) = (read(&own, 0), read(&other, 0));
    let shared = size(&own).min(size(&other));
    // Counted from the end, signer infos of the same shape lie at the same place.
    let back = 1 + draft.rng.below(shared);
    let (mut at, mut from) = (size(&own) - back, size(&other) - back);
    if let (Some(to), Some(from)) = (nth(&mut own, &mut at), nth(&mut other, &mut from)) {
        *to = from.clone();
    }
    let mut out = Vec::new();
    write(&own, &mut out);
    draft.raw = put(&draft.raw, &out);
    format!("element {back} from the end, of {}", donor.name)
}

/// The same signature in definite lengths; then without each of its certificates.
pub fn variants(der: &[u8]) -> Vec<Vec<u8>> {
    let mut nodes = read(der, 0);
    definite(&mut nodes);
    let written = |nodes: &[Node]| {
        let mut out = Vec::new();
        write(nodes, &mut out);
        out
    };
    let mut all = vec![written(&nodes)];
    for number in 0.. {
        let mut fewer = nodes.clone();
        // ContentInfo, [0], SignedData, [0] certificates.
        let place = [0x30, 0xa0, 0x30, 0xa0].into_iter().try_fold(&mut fewer, |level, wanted| {
            level.iter_mut().find_map(|node| match node {
                Node::Constructed { tag, children, .. } if *tag == wanted => Some(children),
                _ => None,
            })
        });
        match place {
            // eContent has the same tag one level deeper: only SignedData's own children are looked at.
            Some(certificates) if number < certificates.len() => drop(certificates.remove(number)),
            _ => break,
        }
        all.push(written(&fewer));
    }
    all
}

fn definite(nodes: &mut [Node]) {
    for node in nodes {
        if let Node::Constructed { indefinite, children, .. } = node {
            *indefinite = false;
            definite(children);
        }
    }
}
