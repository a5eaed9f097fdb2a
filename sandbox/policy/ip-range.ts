import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * An address or a CIDR range, IPv4 or IPv6 ("IP address condition operators"). Without a prefix it is the one
 * address.
 * @returns undefined when the text is neither; the test answers 'unclear' for what is no address.
 */
export function parseIpRange(text: string): ((address: string) => boolean | 'unclear') | undefined {
  const [, base = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(base);
  if (family === undefined) return undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  const prefixBits = prefix === undefined ? bits : Number(prefix);
  if (prefixBits > bits) return undefined;
  const range = new BlockList();
  range.addSubnet(base, prefixBits, family);
  return (address) => {
    const actualFamily = familyOf(address);
    return actualFamily === undefined ? 'unclear' : range.check(address, actualFamily);
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  if (isIPv4(address)) return 'ipv4';
  // A zone (`fe80::1%eth0`) means something only to one machine.
  return isIPv6(address) && !address.includes('%') ? 'ipv6' : undefined;
}
