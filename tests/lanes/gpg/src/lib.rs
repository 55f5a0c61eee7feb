//! Lane `gpg`: our OpenPGP code against the real GnuPG.
