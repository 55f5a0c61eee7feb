# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_bulla_global_optspecs
    string join \n config= key-order= keyservice= enable-local-keyservice= indent= no-layout v/verbose h/help V/version
end

function __fish_bulla_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_bulla_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_bulla_using_subcommand
    set -l cmd (__fish_bulla_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c bulla -n "__fish_bulla_needs_command" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_needs_command" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_needs_command" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_needs_command" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_needs_command" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_needs_command" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_needs_command" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_needs_command" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_needs_command" -s V -l version -d 'Print version'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "encrypt" -d 'Encrypt a file, or many in place'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "decrypt" -d 'Decrypt a file, or many in place'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "edit" -d 'Edit a file, or a new one; SealedSecrets as the Secrets that they become'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "set" -d 'Set one value; the value is JSON'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "template" -d 'Try templates of ExternalSecrets and SealedSecrets'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "unset" -d 'Remove one value'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "rotate" -d 'Encrypt files anew with a new data key'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "updatekeys" -d 'Give files the master keys and the threshold of their creation rule'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "groups" -d 'Add or delete a key group of a file'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "filestatus" -d 'Say as JSON whether a file is encrypted'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "verify" -d 'Check that files are encrypted as the rules say; needs no key'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "seal" -d 'Seal Secrets of Kubernetes: a file, many in place, or one made of options'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "reseal" -d 'Seal SealedSecrets anew to another certificate'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "inspect" -d 'Show who can open a file, how old it is, and whether you can'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "keys" -d 'List, back up, restore and renew the sealing keys of a cluster'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "keygen" -d 'Make an age key'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "keyservice" -d 'Serve this machine\'s keys to others, as a key service of sops'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "exec-env" -d 'Run a command with the decrypted values in its environment'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "exec-file" -d 'Run a command with the decrypted file as a temporary file'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "completion" -d 'Print a shell\'s completion script'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "man" -d 'Print the manual pages'
complete -c bulla -n "__fish_bulla_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -s o -l to -d 'Write the result to this file' -r -F
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l output -d 'With --in-place: the form of the report' -r -f -a "json\t''
text\t''"
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l name -d 'Choose rule and formats as if the file had this name' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l input-type -d 'Format of the input: yaml, json, dotenv, ini or binary' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l output-type -d 'Format of the result' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l age -d 'age recipient; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l pgp -d 'PGP fingerprint; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l kms -d 'ARN of an AWS KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l gcp-kms -d 'GCP KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l hckms -d 'Huawei Cloud KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l azure-kv -d 'Azure Key Vault key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l hc-vault-transit -d 'Vault transit key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l aws-profile -d 'Profile whose credentials are used with AWS KMS keys' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l encryption-context -d 'Bind AWS KMS keys to this context; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l unencrypted-suffix -d 'Leave values readable whose key ends with this' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l encrypted-suffix -d 'Encrypt only values whose key ends with this' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l unencrypted-regex -d 'Leave values readable whose key matches this' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l encrypted-regex -d 'Encrypt only values whose key matches this' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l unencrypted-comment-regex -d 'Leave values readable that follow a comment matching this' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l encrypted-comment-regex -d 'Encrypt only values that follow a comment matching this' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l threshold -d 'Number of key groups needed to decrypt' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -s i -l in-place -d 'Replace the files'
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l dry-run -d 'With --in-place: say which files, change none'
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand encrypt" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -s o -l to -d 'Write the result to this file' -r -F
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l output -d 'With --in-place: the form of the report' -r -f -a "json\t''
text\t''"
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l name -d 'Choose rule and formats as if the file had this name' -r
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l input-type -d 'Format of the input: yaml, json, dotenv, ini or binary' -r
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l output-type -d 'Format of the result' -r
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l extract -d 'Print only this part' -r
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -s i -l in-place -d 'Replace the files'
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l dry-run -d 'With --in-place: say which files, change none'
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l ignore-mac -d 'Do not check the MAC'
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand decrypt" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l name -d 'Choose rule and formats as if the file had this name' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l input-type -d 'Format of the input: yaml, json, dotenv, ini or binary' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l output-type -d 'Format of the result' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l age -d 'age recipient; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l pgp -d 'PGP fingerprint; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l kms -d 'ARN of an AWS KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l gcp-kms -d 'GCP KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l hckms -d 'Huawei Cloud KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l azure-kv -d 'Azure Key Vault key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l hc-vault-transit -d 'Vault transit key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l aws-profile -d 'Profile whose credentials are used with AWS KMS keys' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l encryption-context -d 'Bind AWS KMS keys to this context; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l unencrypted-suffix -d 'Leave values readable whose key ends with this' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l encrypted-suffix -d 'Encrypt only values whose key ends with this' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l unencrypted-regex -d 'Leave values readable whose key matches this' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l encrypted-regex -d 'Encrypt only values whose key matches this' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l unencrypted-comment-regex -d 'Leave values readable that follow a comment matching this' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l encrypted-comment-regex -d 'Encrypt only values that follow a comment matching this' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l threshold -d 'Number of key groups needed to decrypt' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l cert -d 'Certificate to seal to: a file or URL; without it the cluster is asked' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l kubeconfig -d 'Kubeconfig, instead of those of KUBECONFIG or ~/.kube/config' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l context -d 'Context of the kubeconfig' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l controller-namespace -d 'Namespace of the Sealed Secrets controller' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l controller-name -d 'Name of the controller\'s Service' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l recovery-keys -d 'Private keys that open a SealedSecret; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand edit" -s s -l show-keys -d 'Show the metadata in the editor'
complete -c bulla -n "__fish_bulla_using_subcommand edit" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand edit" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand edit" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand set" -l value-file -d 'Take the value from this file' -r -F
complete -c bulla -n "__fish_bulla_using_subcommand set" -l name -d 'Choose rule and formats as if the file had this name' -r
complete -c bulla -n "__fish_bulla_using_subcommand set" -l input-type -d 'Format of the input: yaml, json, dotenv, ini or binary' -r
complete -c bulla -n "__fish_bulla_using_subcommand set" -l output-type -d 'Format of the result' -r
complete -c bulla -n "__fish_bulla_using_subcommand set" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand set" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand set" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand set" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand set" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand set" -l value-stdin -d 'Take the value from standard input'
complete -c bulla -n "__fish_bulla_using_subcommand set" -l idempotent -d 'Write nothing where the value is there already'
complete -c bulla -n "__fish_bulla_using_subcommand set" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand set" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand set" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -f -a "test" -d 'Render one template and print the result; an error names the place, never a value'
complete -c bulla -n "__fish_bulla_using_subcommand template; and not __fish_seen_subcommand_from test help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l data -d 'YAML or JSON map of the values, or a Secret of Kubernetes; - is standard input' -r -F
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l engine -d 'Whose functions and whose treatment of missing keys' -r -f -a "external-secrets\t''
sealed-secrets\t''"
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l missing-key -d 'What a missing key gives: <no value>, an empty text or an error [default: as the engine]' -r -f -a "default\t''
error\t''
zero\t''"
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l left-delimiter -d 'Left delimiter, as --template-left-delimiter of the controller' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l right-delimiter -d 'Right delimiter' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "test" -d 'Render one template and print the result; an error names the place, never a value'
complete -c bulla -n "__fish_bulla_using_subcommand template; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l name -d 'Choose rule and formats as if the file had this name' -r
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l input-type -d 'Format of the input: yaml, json, dotenv, ini or binary' -r
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l output-type -d 'Format of the result' -r
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l idempotent -d 'Succeed where there is nothing to remove'
complete -c bulla -n "__fish_bulla_using_subcommand unset" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand unset" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand unset" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l output -d 'The form of the report' -r -f -a "json\t''
text\t''"
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l add-age -d 'Add an age recipient; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l add-pgp -d 'Add a PGP fingerprint; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l add-kms -d 'Add an AWS KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l add-hc-vault-transit -d 'Add a Vault transit key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l rm-age -d 'Remove an age recipient; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l rm-pgp -d 'Remove a PGP fingerprint; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l rm-kms -d 'Remove an AWS KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l rm-hc-vault-transit -d 'Remove a Vault transit key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l aws-profile -d 'Profile whose credentials are used with AWS KMS keys' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l encryption-context -d 'Bind AWS KMS keys to this context; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l dry-run -d 'Say which files, change none'
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand rotate" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -l output -d 'The form of the report' -r -f -a "json\t''
text\t''"
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -l dry-run -d 'Say which files, change none'
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -s y -l yes -d 'Do it'
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand updatekeys" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -f -a "add" -d 'Add a group of these keys; values stay as they are'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -f -a "delete" -d 'Delete a group by its position, from 0'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and not __fish_seen_subcommand_from add delete help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l age -d 'age recipient; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l pgp -d 'PGP fingerprint; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l kms -d 'ARN of an AWS KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l gcp-kms -d 'GCP KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l hckms -d 'Huawei Cloud KMS key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l azure-kv -d 'Azure Key Vault key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l hc-vault-transit -d 'Vault transit key; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l aws-profile -d 'Profile whose credentials are used with AWS KMS keys' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l encryption-context -d 'Bind AWS KMS keys to this context; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l threshold -d 'Number of groups needed to decrypt from now on' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -s i -l in-place -d 'Replace the file instead of printing the result'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -l threshold -d 'Number of groups needed to decrypt from now on' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -s i -l in-place -d 'Replace the file instead of printing the result'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from help" -f -a "add" -d 'Add a group of these keys; values stay as they are'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from help" -f -a "delete" -d 'Delete a group by its position, from 0'
complete -c bulla -n "__fish_bulla_using_subcommand groups; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bulla -n "__fish_bulla_using_subcommand filestatus" -l input-type -d 'Format of the file: yaml, json, dotenv, ini or binary' -r
complete -c bulla -n "__fish_bulla_using_subcommand filestatus" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand filestatus" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand filestatus" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand filestatus" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand filestatus" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand filestatus" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand filestatus" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand filestatus" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand verify" -l output -d 'The form of the findings' -r -f -a "json\t''
sarif\t''
text\t''"
complete -c bulla -n "__fish_bulla_using_subcommand verify" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand verify" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand verify" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand verify" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand verify" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand verify" -l with-keys -d 'Decrypt as well, and check the MAC; where no key opens a file, it could not be checked'
complete -c bulla -n "__fish_bulla_using_subcommand verify" -l allow-empty -d 'Accept values that are empty: they cannot be encrypted, so without keys one that was blanked looks the same'
complete -c bulla -n "__fish_bulla_using_subcommand verify" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand verify" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand verify" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand seal" -s o -l to -d 'Write the result to this file' -r -F
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l output -d 'With --in-place: the form of the report' -r -f -a "json\t''
text\t''"
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l cert -d 'Certificate to seal to: a file or URL; without it the cluster is asked' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l kubeconfig -d 'Kubeconfig, instead of those of KUBECONFIG or ~/.kube/config' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l context -d 'Context of the kubeconfig' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l controller-namespace -d 'Namespace of the Sealed Secrets controller' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l controller-name -d 'Name of the controller\'s Service' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l name -d 'Name of the result, instead of the Secret\'s own' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -s n -l namespace -d 'Namespace of Secrets that name none; another one in a Secret is an error' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l scope -d 'Where the result can be unsealed' -r -f -a "cluster-wide\t''
namespace-wide\t''
strict\t''"
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l from-literal -d 'Make a Secret with this item; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l from-file -d 'Make a Secret with the content of a file, or of all files of a directory; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l from-env-file -d 'Make a Secret with the NAME=VALUE lines of a file; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l type -d 'Type of the Secret that is made' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand seal" -s i -l in-place -d 'Replace the files'
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l dry-run -d 'With --in-place: say which files, change none'
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l allow-empty-data -d 'Seal a Secret without data, too'
complete -c bulla -n "__fish_bulla_using_subcommand seal" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand seal" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand seal" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l output -d 'The form of the report' -r -f -a "json\t''
text\t''"
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l cert -d 'Certificate to seal to: a file or URL; without it the cluster is asked' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l kubeconfig -d 'Kubeconfig, instead of those of KUBECONFIG or ~/.kube/config' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l context -d 'Context of the kubeconfig' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l controller-namespace -d 'Namespace of the Sealed Secrets controller' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l controller-name -d 'Name of the controller\'s Service' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l recovery-keys -d 'Private keys that open what is there; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l dry-run -d 'Say which files, change none'
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand reseal" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l input-type -d 'Format of the file: yaml, json, dotenv, ini or binary' -r
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l recovery-keys -d 'Private keys: which of them opens what of a SealedSecret; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l cert -d 'Certificates: which of them a SealedSecret was certainly not sealed to; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l output -d 'The form of the result' -r -f -a "json\t''
text\t''"
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand inspect" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -f -a "list" -d 'List the keys of the cluster, or of files'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -f -a "backup" -d 'Write all keys, encrypted to age recipients'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -f -a "restore" -d 'Put the keys of a backup back; nothing is ever overwritten'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -f -a "renew" -d 'Make a new key to seal with from now on; the old ones still open'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and not __fish_seen_subcommand_from list backup restore renew help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l kubeconfig -d 'Kubeconfig, instead of those of KUBECONFIG or ~/.kube/config' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l context -d 'Context of the kubeconfig' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l controller-namespace -d 'Namespace of the Sealed Secrets controller' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l key-prefix -d 'How the names of keys begin, as the controller was told' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l output -d 'The form of the list' -r -f -a "json\t''
text\t''"
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l age -d 'age recipient; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -s o -l to -d 'Write to this file, which must not exist yet' -r -F
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l kubeconfig -d 'Kubeconfig, instead of those of KUBECONFIG or ~/.kube/config' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l context -d 'Context of the kubeconfig' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l controller-namespace -d 'Namespace of the Sealed Secrets controller' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l key-prefix -d 'How the names of keys begin, as the controller was told' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l kubeconfig -d 'Kubeconfig, instead of those of KUBECONFIG or ~/.kube/config' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l context -d 'Context of the kubeconfig' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l controller-namespace -d 'Namespace of the Sealed Secrets controller' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l key-prefix -d 'How the names of keys begin, as the controller was told' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l dry-run -d 'List the keys that it would restore, and change nothing'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l key-size -d 'Length of the key in bits: 2048, 3072, 4096 or 8192' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l kubeconfig -d 'Kubeconfig, instead of those of KUBECONFIG or ~/.kube/config' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l context -d 'Context of the kubeconfig' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l controller-namespace -d 'Namespace of the Sealed Secrets controller' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l key-prefix -d 'How the names of keys begin, as the controller was told' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l first -d 'Make one where there is none yet'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from renew" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the keys of the cluster, or of files'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "backup" -d 'Write all keys, encrypted to age recipients'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "restore" -d 'Put the keys of a backup back; nothing is ever overwritten'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "renew" -d 'Make a new key to seal with from now on; the old ones still open'
complete -c bulla -n "__fish_bulla_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -s o -l to -d 'Write the key to this new file and print its public part' -r -F
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -l post-quantum -d 'Make a post-quantum key'
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand keygen" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l network -d 'tcp or unix' -r
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l address -d 'Host and port, or the path of a socket' -r
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l prompt -d 'Ask before every answer'
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l expose -d 'Allow an address that other machines reach: whoever reaches it can use your keys'
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand keyservice" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -l user -d 'Run as this user' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -l pristine -d 'Give the command nothing but the decrypted values'
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand exec-env" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l filename -d 'Name of the temporary file' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l output-type -d 'Format of the temporary file' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l user -d 'Run as this user' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l no-fifo -d 'Use a regular file instead of a pipe'
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand exec-file" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand completion" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand completion" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand completion" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand completion" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand completion" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand completion" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand completion" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand completion" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand man" -l config -d 'Configuration file, instead of searching for .sops.yaml' -r
complete -c bulla -n "__fish_bulla_using_subcommand man" -l key-order -d 'Kinds of key, tried in this order' -r
complete -c bulla -n "__fish_bulla_using_subcommand man" -l keyservice -d 'Also ask the key service at tcp://HOST:PORT or unix:///PATH; repeatable' -r
complete -c bulla -n "__fish_bulla_using_subcommand man" -l enable-local-keyservice -d 'With false: only ask key services, not the keys at hand' -r
complete -c bulla -n "__fish_bulla_using_subcommand man" -l indent -d 'Lay results out with this many blanks per level' -r
complete -c bulla -n "__fish_bulla_using_subcommand man" -l no-layout -d 'Write no layout field: what cannot stay visible is laid out anew [env: BULLA_LAYOUT=off]'
complete -c bulla -n "__fish_bulla_using_subcommand man" -s v -l verbose -d 'Log what happens'
complete -c bulla -n "__fish_bulla_using_subcommand man" -s h -l help -d 'Print help'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "encrypt" -d 'Encrypt a file, or many in place'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "decrypt" -d 'Decrypt a file, or many in place'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "edit" -d 'Edit a file, or a new one; SealedSecrets as the Secrets that they become'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "set" -d 'Set one value; the value is JSON'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "template" -d 'Try templates of ExternalSecrets and SealedSecrets'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "unset" -d 'Remove one value'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "rotate" -d 'Encrypt files anew with a new data key'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "updatekeys" -d 'Give files the master keys and the threshold of their creation rule'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "groups" -d 'Add or delete a key group of a file'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "filestatus" -d 'Say as JSON whether a file is encrypted'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "verify" -d 'Check that files are encrypted as the rules say; needs no key'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "seal" -d 'Seal Secrets of Kubernetes: a file, many in place, or one made of options'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "reseal" -d 'Seal SealedSecrets anew to another certificate'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "inspect" -d 'Show who can open a file, how old it is, and whether you can'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "keys" -d 'List, back up, restore and renew the sealing keys of a cluster'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "keygen" -d 'Make an age key'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "keyservice" -d 'Serve this machine\'s keys to others, as a key service of sops'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "exec-env" -d 'Run a command with the decrypted values in its environment'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "exec-file" -d 'Run a command with the decrypted file as a temporary file'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "completion" -d 'Print a shell\'s completion script'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "man" -d 'Print the manual pages'
complete -c bulla -n "__fish_bulla_using_subcommand help; and not __fish_seen_subcommand_from encrypt decrypt edit set template unset rotate updatekeys groups filestatus verify seal reseal inspect keys keygen keyservice exec-env exec-file completion man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c bulla -n "__fish_bulla_using_subcommand help; and __fish_seen_subcommand_from template" -f -a "test" -d 'Render one template and print the result; an error names the place, never a value'
complete -c bulla -n "__fish_bulla_using_subcommand help; and __fish_seen_subcommand_from groups" -f -a "add" -d 'Add a group of these keys; values stay as they are'
complete -c bulla -n "__fish_bulla_using_subcommand help; and __fish_seen_subcommand_from groups" -f -a "delete" -d 'Delete a group by its position, from 0'
complete -c bulla -n "__fish_bulla_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "list" -d 'List the keys of the cluster, or of files'
complete -c bulla -n "__fish_bulla_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "backup" -d 'Write all keys, encrypted to age recipients'
complete -c bulla -n "__fish_bulla_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "restore" -d 'Put the keys of a backup back; nothing is ever overwritten'
complete -c bulla -n "__fish_bulla_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "renew" -d 'Make a new key to seal with from now on; the old ones still open'
