"""The API of a portal: what a client's own programs may ask and do, under the same rules as its pages."""
