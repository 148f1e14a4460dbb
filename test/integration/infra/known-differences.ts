// Where another server is known to answer otherwise than S3, by the name of the conformance test that says so. Such a test
// must fail there: when the server changes, this list has to.

export const KNOWN_DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  /** versitygw 1.8, POSIX backend. */
  versitygw: [
    // Keys are paths: a file is no folder.
    '`side` and `side/by` are two objects, and one survives the other',
    // Compares nanoseconds with a date that has none.
    'If-Modified-Since its own date is 304, If-Unmodified-Since an hour ago 412',
    // Replaces control characters in keys.
    'encoding-type=url keeps characters XML has no room for',
    // Takes any text for a token.
    'a made-up continuation token is refused',
    'refuses a thousand and one',
    'says nothing of what it deleted when asked to be quiet',
    // InvalidRequest instead.
    'broken XML is MalformedXML',
    // 404 XAdminUserNotFound instead.
    'an unknown access key is InvalidAccessKeyId',
    'a presigned URL from the future is not valid yet',
    // Gives it back as Content-Encoding.
    'aws-chunked is no encoding of the stored object',
    // Asks for the body before it looks at the signature.
    'Expect: 100-continue hears 403 before it sends its body',
  ],
}
