/*
 * Lets the tables sort. Without it they are in the order that their captions say, and complete.
 *
 * A header becomes a button: the first press puts the largest figures or the first texts on top, the next turns it
 * round. Rows that are equal keep their order.
 */
'use strict';

const plainValue = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
};

const compare = (a, b) => (typeof a === 'number' ? a - b : a.localeCompare(b, undefined, { numeric: true }));

const sortBy = (header) => {
    const table = header.closest('table');
    const body = table.tBodies[0];
    const column = header.cellIndex;
    const rows = Array.from(body.rows, (row) => ({ row, value: plainValue(row, column) }));
    const isFigures = rows.length > 0 && typeof rows[0].value === 'number';
    const before = header.getAttribute('aria-sort');
    const isDescending = before ? before === 'ascending' : isFigures;
    rows.sort((a, b) => (isDescending ? compare(b.value, a.value) : compare(a.value, b.value)));
    for (const other of table.tHead.rows[0].cells) {
        other.removeAttribute('aria-sort');
    }
    header.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
    body.append(...rows.map((each) => each.row));
};

for (const header of document.querySelectorAll('table.sortable thead th')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = header.textContent;
    button.addEventListener('click', () => sortBy(header));
    header.replaceChildren(button);
}

/* What is folded away on the screen is wanted on paper. */
window.addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details')) {
        details.open = true;
    }
});
